/**
 * Writes `proto-plain`, a copy of the contract for compilers that do not support custom options.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { withoutCustomOptions } from "./plain.ts";
import { BUF } from "./validate-proto.ts";

const root = join(import.meta.dirname, "../..");
const path = "contact/v1/contact_service.proto";
const target = join(root, "proto-plain", path);

mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, withoutCustomOptions(readFileSync(join(root, "proto", path), "utf8")));
execFileSync(BUF, ["format", "--write", target]);
