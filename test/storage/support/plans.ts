import pg from "pg";
import type { Statement } from "../../../src/storage/statement.ts";

/** A node of a plan, in the JSON format of EXPLAIN. */
export interface PlanNode {
  readonly "Node Type": string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly "Shared Hit Blocks"?: number;
  readonly "Shared Read Blocks"?: number;
  readonly Plans?: readonly PlanNode[];
}

/** The plan of the statement with its values, prepared as in the service. */
export async function explain(
  client: pg.ClientBase,
  statement: Statement,
  options?: string,
): Promise<PlanNode> {
  await prepare(client, statement);
  const plan = await explainPrepared(client, statement, options);
  await client.query(`DEALLOCATE ${statement.name}`);
  return plan;
}

/** The number of pages that the statement reads, from memory or from disk. */
export async function countPages(client: pg.ClientBase, statement: Statement): Promise<number> {
  const plan = await explain(client, statement, "ANALYZE, BUFFERS");
  return (plan["Shared Hit Blocks"] ?? Number.NaN) + (plan["Shared Read Blocks"] ?? Number.NaN);
}

export async function prepare(client: pg.ClientBase, { name, text }: Statement): Promise<void> {
  await client.query(`PREPARE ${name} AS ${text}`);
}

/** The plan of a prepared statement. */
export async function explainPrepared(
  client: pg.ClientBase,
  { name, values }: Statement,
  options = "VERBOSE",
): Promise<PlanNode> {
  const { rows } = await client.query<{ "QUERY PLAN": [{ Plan: PlanNode }] }>(
    `EXPLAIN (FORMAT JSON, ${options}) EXECUTE ${name} (${values.map(literal).join(", ")})`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error("EXPLAIN returned no plan");
  return row["QUERY PLAN"][0].Plan;
}

function literal(value: unknown): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return pg.escapeLiteral(value);
  if (Array.isArray(value)) {
    return value.length === 0 ? "'{}'" : `ARRAY[${value.map(literal).join(", ")}]`;
  }
  throw new TypeError(`no literal for ${value}`);
}

export function nodesOf(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

/** Each scan of an index, as in `Index Scan contact_pkey by app_id owner_id`. */
export function indexScansOf(plan: PlanNode): string[] {
  return nodesOf(plan)
    .filter((node) => node["Index Name"] !== undefined)
    .map((node) => {
      const condition = node["Index Cond"] ?? "";
      const columns = ["app_id", "owner_id", "contact_id"].filter((column) =>
        new RegExp(`\\(\\w+\\.${column} [=>]`).test(condition),
      );
      return `${node["Node Type"]} ${node["Index Name"]} by ${columns.join(" ")}`;
    });
}
