import type { Backlog } from "./backlog.ts";
import { createBacklog } from "./backlog.ts";

/**
 * The kinds of work that are limited, and the unit of their amounts: entries of syncs, entries of pages and
 * checks, reads that can take a whole list, and contacts of replacements.
 */
export const workKinds = ["syncs", "reads", "long-reads", "replacements"] as const;

export type WorkKind = (typeof workKinds)[number];

export type Backlogs = Readonly<Record<WorkKind, Backlog>>;

/** Longest that new work may be expected to wait, in milliseconds. */
const maxDelayMs = 1_000;

/** The backlogs of a store, one for each kind of work. An app can always have some work of each kind pending. */
export function createBacklogs(): Backlogs {
  return {
    syncs: createBacklog({ maxDelayMs, least: 40_000 }),
    reads: createBacklog({ maxDelayMs, least: 40_000 }),
    "long-reads": createBacklog({ maxDelayMs, least: 250 }),
    replacements: createBacklog({ maxDelayMs, least: 200_000 }),
  };
}
