import { execFile } from "node:child_process";
import { parseArgs, promisify } from "node:util";

/** The request or the output of a command line, after the shell has parsed it. */
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
      /** Such as `contact.v1.ContactService/SyncContacts`. */
      readonly method: string;
      readonly headers: Readonly<Record<string, string>>;
      /** The message as JSON. */
      readonly message: string;
    }
  | { readonly program: "other"; readonly output: string };

/** Replaces both programs with functions that print their arguments, so they need not be installed. */
const prelude = `
curl() { printf '%s\\0' curl "$@"; }
grpcurl() { printf '%s\\0' grpcurl "$@"; }
`;

/**
 * Runs a command line in the shell. `curl` and `grpcurl` do not run: their arguments are parsed. Other
 * programs run, and their output is returned.
 *
 * @param variables shell variables; the use of any other variable is an error
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
    throw new Error(`the arguments of curl are not supported: ${args.join(" ")}`);
  }
  return { program: "curl", url, method, headers: readHeaders(values.header), body };
}

function readGrpcurl(args: string[]): ShellCommand {
  const { values, positionals } = parseArgs({
    // The long options of grpcurl begin with one dash.
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
    throw new Error(`the arguments of grpcurl are not supported: ${args.join(" ")}`);
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
