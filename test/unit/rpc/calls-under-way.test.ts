import fc from "fast-check";
import { expect, test } from "vitest";
import type { Call } from "../../../src/rpc/call.ts";
import { createCall } from "../../../src/rpc/call.ts";
import { CallsUnderWay } from "../../../src/rpc/calls-under-way.ts";

const newCall = () => createCall({ method: "any", protocol: "grpc" });

test("holds the calls that came and have not gone, in whatever order they go", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat({ max: 20 }))), (steps) => {
      const underWay = new CallsUnderWay();
      const expected: Call[] = [];
      for (const step of steps) {
        if (step === null || step >= expected.length) {
          const call = newCall();
          underWay.add(call);
          expected.push(call);
        } else {
          const [gone] = expected.splice(step, 1);
          if (gone !== undefined) underWay.delete(gone);
        }
        expect(new Set(underWay)).toEqual(new Set(expected));
      }
    }),
  );
});

test("a call that has gone, or never came, goes without harm", () => {
  const underWay = new CallsUnderWay();
  const [first, second, other] = [newCall(), newCall(), newCall()];
  underWay.add(first);
  underWay.add(second);
  underWay.delete(first);
  underWay.delete(first);
  underWay.delete(other);
  expect([...underWay]).toEqual([second]);
});
