import type pg from "pg";
import type { Statement } from "../../../src/storage/statement.ts";
import { explain } from "./plans.ts";

/** What Citus does for a statement. */
export interface DistributedPlan {
  /** The number of shards that each part of the statement visits, if it reads a table. */
  readonly tasks: readonly number[];
  /** The indexes of the tables that it uses, without the numbers of the shards. */
  readonly indexes: readonly string[];
  /** The scans of the tables. */
  readonly scans: readonly string[];
}

/** The plan of a statement with its values. Citus shows the plan of one shard for each part. */
export async function explainDistributed(
  client: pg.ClientBase,
  statement: Statement,
): Promise<DistributedPlan> {
  const name = `"${statement.name || "unnamed"}"`;
  const nodes = allObjects(await explain(client, { ...statement, name }));
  const onTable = nodes.filter(({ Alias }) => /^(contact|other)$/.test(String(Alias)));
  return {
    tasks: nodes
      .filter(
        (node) => "Task Count" in node && JSON.stringify(node.Tasks).includes("Relation Name"),
      )
      .map((node) => Number(node["Task Count"])),
    indexes: nodes
      .filter((node) => "Index Name" in node)
      .map((node) => String(node["Index Name"]).replace(/_\d+$/, "")),
    scans: onTable.map((node) => String(node["Node Type"])),
  };
}

/** All objects within a value, outer ones first. */
function allObjects(value: unknown): Record<string, unknown>[] {
  if (Array.isArray(value)) return value.flatMap(allObjects);
  if (typeof value !== "object" || value === null) return [];
  const object = value as Record<string, unknown>;
  return [object, ...Object.values(object).flatMap(allObjects)];
}
