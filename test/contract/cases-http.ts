import type { ContractCase } from "./case.ts";
import { badParam, counts, oneContact, rejected, syncPath } from "./case.ts";

const methods = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"];
const notAllowed = { ...rejected(405), headers: { allow: "POST" } };
const noKey = {
  http: 400,
  error: { code: "40001", message: "Request headers are required (Server-Key)", field: "" },
};
const badKey = rejected(401, "49103");
const unknown = "encode:nobody:nothing";

const paths = [
  "/",
  `${syncPath}/`,
  `${syncPath}/1`,
  `/${syncPath}`,
  `${syncPath}s`,
  syncPath.slice(0, -1),
  syncPath.toUpperCase(),
  "/v1/server/contact",
  "/v2/server/contact/sync",
  "/v1/server//contact/sync",
  "/v1/server/contact/./sync",
  "/v1/server/contact/../contact/sync",
  "/v1/server/contact/sync;v=1",
  "/v1/server/contact/sync%00",
  "/v1/server/contact%2Fsync",
  "/livez/",
  "/__proto__",
  "/constructor",
];

const types: Readonly<Record<string, boolean>> = {
  "Application/JSON": true,
  "application/json;charset=UTF-8": true,
  'application/json; charset="utf-8"': true,
  "application/json ; charset=utf-8": true,
  "application/json; profile=x; charset=utf-8": true,
  "application/json; charset=latin1": false,
  "application/json;charset=latin1": false,
  "application/json; charset=utf-16": false,
  "application/json; profile=x; charset=iso-8859-1": false,
  "text/json": false,
  "text/plain": false,
  "application/jsonp": false,
  "application/xml": false,
  "application/json, text/plain": false,
  "application/vnd.api+json": false,
  "application/proto": false,
  "application/grpc": false,
  "application/grpc+json": false,
  "application/grpc-web+proto": false,
  "application/connect+json": false,
  "multipart/form-data; boundary=application/json": false,
  json: false,
  "*/*": false,
};

/** Requests with several faults. The response reports the first one in the order of the checks. */
const ordered: readonly ContractCase[] = [
  { name: "path, method", method: "GET", path: "/v1/nothing", expect: rejected(404) },
  {
    name: "path, key, type, JSON",
    path: "/v1/nothing",
    key: "none",
    headers: { "content-type": "text/plain" },
    raw: "{",
    expect: rejected(404),
  },
  { name: "method, key", method: "PUT", key: "none", body: oneContact, expect: notAllowed },
  {
    name: "method, key, type, encoding",
    method: "DELETE",
    key: unknown,
    headers: { "content-type": "text/plain", "content-encoding": "br" },
    raw: "{",
    expect: notAllowed,
  },
  {
    name: "no key, type, JSON",
    key: "none",
    headers: { "content-type": "text/plain" },
    raw: "{",
    expect: noKey,
  },
  {
    name: "no key, encoding",
    key: "none",
    headers: { "content-encoding": "br" },
    body: oneContact,
    expect: noKey,
  },
  { name: "no key, parameters", key: "none", body: {}, expect: noKey },
  { name: "no key, no body", key: "none", expect: noKey },
  {
    name: "bad key, type, JSON",
    key: unknown,
    headers: { "content-type": "text/plain" },
    raw: "{",
    expect: badKey,
  },
  { name: "bad key, parameters", key: unknown, body: { contacts: 1 }, expect: badKey },
  { name: "malformed key, JSON", key: "header:!", raw: "{", expect: rejected(401, "49102") },
  {
    name: "type, JSON",
    headers: { "content-type": "text/plain" },
    raw: "{",
    expect: rejected(415),
  },
  {
    name: "encoding, JSON",
    headers: { "content-encoding": "br" },
    raw: "{",
    expect: rejected(415),
  },
  { name: "JSON, parameters", raw: '{"contacts":[{}]', expect: badParam("") },
];

export const httpCases: readonly ContractCase[] = [
  ...methods.map((method) => ({ name: `the method ${method}`, method, expect: notAllowed })),
  ...["PUT", "PATCH", "DELETE"].map((method) => ({
    name: `the method ${method} with a valid body`,
    method,
    body: oneContact,
    expect: notAllowed,
  })),
  ...paths.map((path) => ({
    name: `the path ${path}`,
    path,
    body: oneContact,
    expect: rejected(404),
  })),
  ...["?", "?a=1", "?path=/v1/nothing", "?contacts=", "??", "?%zz", "?a=1?b=2"].map((query) => ({
    name: `the query ${query} is not part of the path`,
    path: syncPath + query,
    body: oneContact,
    expect: counts(1),
  })),
  ...Object.entries(types).map(([type, isJson]) => ({
    name: `the content type ${type}`,
    headers: { "content-type": type },
    body: oneContact,
    expect: isJson ? counts(1) : rejected(415),
  })),
  {
    name: "no content type",
    headers: { "content-type": null },
    body: oneContact,
    expect: rejected(415),
  },
  {
    name: "an empty content type",
    headers: { "content-type": "" },
    body: oneContact,
    expect: rejected(415),
  },
  {
    name: "the Accept header has no effect",
    headers: { accept: "text/html", "accept-encoding": "br", "accept-charset": "latin1" },
    body: oneContact,
    expect: counts(1),
  },
  ...ordered.map((given) => ({ ...given, name: `order of checks: ${given.name}` })),
];
