import { readFileSync } from "node:fs";

/** A PromQL expression, and where it stands. */
export interface Query {
  readonly where: string;
  readonly expr: string;
}

export const rulesFile = "docker/prometheus/kith.rules.yml";
export const dashboardFile = "docker/grafana/dashboards/kith.json";

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

/** The queries of the dashboard, with values for its variables. */
export function dashboardQueries(): Query[] {
  const { panels, annotations } = JSON.parse(readFileSync(dashboardFile, "utf8")) as {
    readonly panels: readonly Panel[];
    readonly annotations: { readonly list: readonly { name: string; expr: string }[] };
  };
  const queries = [
    ...panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({ where: title, expr })),
    ),
    ...annotations.list.map(({ name, expr }) => ({ where: name, expr })),
  ];
  return queries.map(({ where, expr }) => ({
    where,
    expr: expr
      .replaceAll("$__rate_interval", "1m")
      .replaceAll("$job", "kith")
      .replaceAll("$instance", ".*"),
  }));
}

/** The expressions of the rules. */
export function ruleQueries(): Query[] {
  const rules = readFileSync(rulesFile, "utf8").split(/^ +- (?=record:|alert:)/m);
  return rules.slice(1).map((rule) => {
    const [, where = ""] = /^\w+: (\S+)/.exec(rule) ?? [];
    const [, block, line] = /^ +expr: (?:\|\n((?: {10,}.*\n)+)|(.*)$)/m.exec(rule) ?? [];
    return { where, expr: block ?? line ?? "" };
  });
}

export interface Selector {
  readonly metric: string;
  /** Label, operator, and value, such as `state`, `=`, `ready`. */
  readonly matchers: readonly (readonly [label: string, operator: string, value: string])[];
}

/** The metrics in an expression, with their matchers. Names with a colon are those of recording rules. */
export function selectorsOf({ expr }: Query): Selector[] {
  const grouped = expr.replace(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, "");
  const selectors = grouped.matchAll(
    /([a-z][a-z0-9_:]*)(?:\{([^}]*)\}|(?=\s*(?:\[|[-+*/<>=!)]|$)))/g,
  );
  return [...selectors]
    .map(([, metric = "", matchers = ""]) => ({
      metric,
      matchers: [...matchers.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)].map(
        ([, label = "", operator = "", value = ""]) => [label, operator, value] as const,
      ),
    }))
    .filter(({ metric }) => /^(kith|rpc|process|nodejs)_/.test(metric));
}
