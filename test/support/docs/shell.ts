import { execFile } from "node:child_process";
import { parseArgs, promisify } from "node:util";

/** What a command line is to do, as the shell reads it. */
export type ShellCommand =
  | {
      readonly program: "curl";
      readonly url: string;
      readonly method: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | {
      readonly program: "grpcurl";
      readonly address: string;
      /** As in `contact.v1.ContactService/SyncContacts`. */
      readonly method: string;
      readonly headers: Readonly<Record<string, string>>;
      /** The message in JSON. */
      readonly message: string;
    }
  | { readonly program: "other"; readonly output: string };

/** Neither program has to be there: they tell what they were asked for. */
const prelude = `
curl() { printf '%s\\0' curl "$@"; }
grpcurl() { printf '%s\\0' grpcurl "$@"; }
`;

/**
 * Lets the shell run a command line. `curl` and `grpcurl` are not run, but read; what else there is is
 * run, and gives its output.
 *
 * @param variables of the shell; the use of others is an error
 */
export async function runShell(
  commandLine: string,
  variables: Readonly<Record<string, string>>,
): Promise<ShellCommand> {
  const { stdout } = await promisify(execFile)("sh", ["-euc", prelude + commandLine], {
    env: { PATH: process.env.PATH, ...variables },
  });
  const [program, ...args] = stdout.split("\0").slice(0, -1);
  if (program === "curl") return readCurl(args);
  if (program === "grpcurl") return readGrpcurl(args);
  return { program: "other", output: stdout.trim() };
}

const header = { type: "string", short: "H", multiple: true } as const;
const data = { type: "string", short: "d" } as const;

function readCurl(args: string[]): ShellCommand {
  const request = { type: "string", short: "X" } as const;
  const options = { request, header, data };
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const [url, ...rest] = positionals;
  const { request: method, data: body } = values;
  if (url === undefined || rest.length > 0 || method === undefined || body === undefined) {
    throw new Error(`a curl of another kind: ${args.join(" ")}`);
  }
  return { program: "curl", url, method, headers: readHeaders(values.header), body };
}

function readGrpcurl(args: string[]): ShellCommand {
  const { values, positionals } = parseArgs({
    // Its long options begin with one dash.
    args: args.map((arg) => arg.replace(/^-(?=\w\w)/, "--")),
    options: { plaintext: { type: "boolean" }, header, data },
    allowPositionals: true,
  });
  const [address, method, ...rest] = positionals;
  const { plaintext, data: message } = values;
  if (
    address === undefined ||
    method === undefined ||
    rest.length > 0 ||
    message === undefined ||
    plaintext !== true
  ) {
    throw new Error(`a grpcurl of another kind: ${args.join(" ")}`);
  }
  return { program: "grpcurl", address, method, headers: readHeaders(values.header), message };
}

function readHeaders(lines: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const [, name = "", value = ""] = /^([\w-]+): (.*)$/.exec(line) ?? [];
      return [name.toLowerCase(), value];
    }),
  );
}
