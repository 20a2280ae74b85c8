import { readFileSync } from "node:fs";
import type { TestApp } from "../support/service.ts";

export const syncPath = "/v1/server/contact/sync";

/** One request and the response that it must get. `about` in the JSON file explains the format. */
export interface ContractCase {
  readonly name: string;
  /** POST if absent. */
  readonly method?: string;
  /** The path of Sync Contacts if absent. */
  readonly path?: string;
  /** A kind of the JSON file, or a function that returns the header value. A valid key if absent. */
  readonly key?: string | ((app: TestApp) => string);
  /** Null removes a header. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** Bodies to sync before the request. */
  readonly before?: readonly unknown[];
  readonly body?: unknown;
  /** The bytes of the body, or its text. */
  readonly raw?: string | Uint8Array;
  /** The content encoding to apply to the bytes of the body. */
  readonly encode?: (bytes: Uint8Array) => Uint8Array;
  readonly expect: Expectation;
  readonly messageIncludes?: string;
}

export interface Expectation {
  readonly http: number;
  readonly body?: Envelope;
  readonly error?: Readonly<Partial<EnvelopeError>>;
  readonly messageIncludes?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface EnvelopeError {
  readonly code: string;
  readonly message: string;
  readonly field: string;
}

/** The body of every response over REST. */
export interface Envelope {
  readonly status: number;
  readonly error: EnvelopeError;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The cases of the contract. */
export function loadContractCases(): readonly ContractCase[] {
  const text = readFileSync(new URL("rest-cases.json", import.meta.url), "utf8");
  return JSON.parse(text).cases;
}

/** A successful response over REST with these counts. */
export function counts(inserted: number, deleted = 0): Expectation {
  return { http: 200, body: success({ countInserted: inserted, countDeleted: deleted }) };
}

/** The response to a successful call. */
export function success(data: Envelope["data"]): Envelope {
  return { status: 200, error: { code: "", message: "", field: "" }, data };
}

/** The response to a call with an invalid parameter. */
export function parameterFault(field: string, message: string): Envelope {
  return { status: 400, error: { code: "40002", message, field }, data: {} };
}

/** An error for an invalid parameter. The field is one of the documented numbers, or empty. */
export function badParam(
  field: "" | "101" | "102" | "103" | "104",
  text: { readonly message?: string; readonly includes?: string } = {},
): Expectation {
  const { message, includes } = text;
  return {
    http: 400,
    error: { code: "40002", field, ...(message !== undefined && { message }) },
    ...(includes !== undefined && { messageIncludes: includes }),
  };
}

/** An error of HTTP or of the key, with an HTTP status and its code. */
export function rejected(http: number, code = `${http}00`): Expectation {
  return { http, error: { code, field: "" } };
}

/** An entry with the documented names. */
export function entry(ownerXCUserID: unknown, contactXCUserID: unknown, isDeleted?: unknown) {
  return { ownerXCUserID, contactXCUserID, ...(isDeleted !== undefined && { isDeleted }) };
}

/** A body that adds one contact, for cases in which the content does not matter. */
export const oneContact = { contacts: [entry("1", "2")] };

/** The value of the Server-Key header, or undefined for no header. */
export function keyHeaderOf({ key = "valid" }: ContractCase, app: TestApp): string | undefined {
  if (typeof key === "function") return key(app);
  const [kind, value = ""] = split(key);
  switch (kind) {
    case "valid":
      return app.header;
    case "none":
      return undefined;
    case "wrong-secret":
      return base64(`${app.key.id}:${"0".repeat(43)}`);
    case "header":
      return value;
    case "encode":
      return base64(value);
    default:
      throw new Error(`unknown kind of key: ${key}`);
  }
}

/** The bytes that the case sends, or undefined for no body. */
export function bytesOf({ raw, body, encode = (bytes) => bytes }: ContractCase) {
  if (typeof raw === "object") return encode(raw);
  const text = raw ?? (body === undefined ? undefined : JSON.stringify(expand(body)));
  return text === undefined ? undefined : encode(Buffer.from(text));
}

/** The parsed body before any content encoding, or undefined if it is not JSON. */
export function jsonOf({ raw, body }: ContractCase): unknown {
  if (raw === undefined) return expand(body);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(raw as string)));
  } catch {
    return undefined;
  }
}

/** Replaces `{"$repeat": n, "entry": ...}` with the n entries. */
export function expand(body: unknown): unknown {
  const contacts = (body as { contacts?: { $repeat?: number; entry?: unknown } } | null)?.contacts;
  if (contacts?.$repeat === undefined) return body;
  const template = JSON.stringify(contacts.entry);
  const entries = Array.from({ length: contacts.$repeat }, (_, i) =>
    JSON.parse(template.replaceAll("$i", String(i))),
  );
  return { ...(body as object), contacts: entries };
}

export function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function split(key: string): [string, string?] {
  const colon = key.indexOf(":");
  return colon === -1 ? [key] : [key.slice(0, colon), key.slice(colon + 1)];
}
