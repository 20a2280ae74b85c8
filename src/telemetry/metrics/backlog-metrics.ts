import type { Backlog } from "../../contact/backlog.ts";
import type { Backlogs } from "../../contact/backlogs.ts";
import { workKinds } from "../../contact/backlogs.ts";
import type { MetricRegistry, Sample } from "./registry.ts";

/** The metrics of the work that is pending. */
export function createBacklogMetrics(registry: MetricRegistry) {
  let backlogs: Backlogs | undefined;

  function perWork(read: (backlog: Backlog) => number): Sample[] {
    return workKinds.map((work) => ({
      labels: { work },
      value: backlogs === undefined ? 0 : read(backlogs[work]),
    }));
  }

  registry.gauge({
    name: "kith_backlog_calls",
    help: "Calls of the contact store that wait or run, by the kind of their work",
    labels: ["work"],
    read: () => perWork(({ calls }) => calls),
  });
  registry.gauge({
    name: "kith_backlog_entries",
    help: "Entries of the calls that wait or run. A read that can take a whole list counts as one",
    labels: ["work"],
    read: () => perWork(({ pending }) => pending),
  });
  registry.counter({
    name: "kith_backlog_rejections_total",
    help: "Calls that were rejected because their app had too much work of the kind pending",
    labels: ["work"],
    read: () => perWork(({ rejected }) => rejected),
  });
  return {
    watch(watched: Backlogs): void {
      backlogs = watched;
    },
  };
}
