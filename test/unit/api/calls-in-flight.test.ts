import fc from "fast-check";
import { expect, test } from "vitest";
import { Call } from "../../../src/api/call.ts";
import { CallsInFlight } from "../../../src/api/calls-in-flight.ts";

const newCall = () => new Call({ method: "any", protocol: "grpc" });

test("contains the calls that were added and not deleted, after any order of changes", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat({ max: 20 }))), (steps) => {
      const inFlight = new CallsInFlight();
      const expected: Call[] = [];
      for (const step of steps) {
        if (step === null || step >= expected.length) {
          const call = newCall();
          inFlight.add(call);
          expected.push(call);
        } else {
          const [deleted] = expected.splice(step, 1);
          if (deleted !== undefined) inFlight.delete(deleted);
        }
        expect(new Set(inFlight)).toEqual(new Set(expected));
      }
    }),
  );
});

test("deleting a call that is not in flight does nothing", () => {
  const inFlight = new CallsInFlight();
  const [first, second, other] = [newCall(), newCall(), newCall()];
  inFlight.add(first);
  inFlight.add(second);
  inFlight.delete(first);
  inFlight.delete(first);
  inFlight.delete(other);
  expect([...inFlight]).toEqual([second]);
});
