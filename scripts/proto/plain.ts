const notice = `// Generated from proto/contact/v1/contact_service.proto by "npm run generate".
// It has the same messages and calls, but no validation rules, REST routes and
// field codes. It therefore imports only files of google/protobuf. Do not edit.`;

/**
 * Returns the text of a .proto file without custom options and the imports that define them.
 *
 * Expects the layout of `buf format`. Comments remain. The result is not formatted.
 */
export function withoutCustomOptions(source: string): string {
  const statements = source
    .replace(/^import "(?!google\/protobuf\/).*\n/gm, "")
    .replace(/ \{\n *option \([\w.]+\) = \{[^{}]*\};\n *\}/g, ";");
  return `${notice}\n\n${withoutFieldOptions(statements)}`;
}

function withoutFieldOptions(text: string): string {
  let result = "";
  let rest = text;
  for (;;) {
    const start = / = \d+ \[/.exec(rest);
    if (start === null) return result + rest;
    const listStart = start.index + start[0].length;
    const { options, end } = readOptions(rest, listStart);
    const kept = options.filter((option) => !option.startsWith("("));
    const number = start[0].slice(0, -2);
    result += rest.slice(0, start.index) + number;
    result += kept.length === 0 ? "" : ` [${kept.join(", ")}]`;
    rest = rest.slice(end);
  }
}

/** Reads the options between brackets. `end` is the position after the closing bracket. */
function readOptions(text: string, start: number): { options: string[]; end: number } {
  const options: string[] = [];
  const token = /"(?:[^"\\]|\\.)*"|[{}[\],]/g;
  token.lastIndex = start;
  let depth = 0;
  let optionStart = start;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [symbol] = match;
    if (symbol === "{" || symbol === "[") depth++;
    const isEnd = depth === 0 && symbol === "]";
    if (isEnd || (depth === 0 && symbol === ",")) {
      options.push(text.slice(optionStart, match.index).trim());
      optionStart = token.lastIndex;
    }
    if (isEnd) return { options, end: token.lastIndex };
    if (symbol === "}" || symbol === "]") depth--;
  }
  throw new Error(`the options have no closing bracket: ${text.slice(start, start + 80)}`);
}
