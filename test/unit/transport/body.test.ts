import { PassThrough } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { Cancellation } from "../../../src/api/cancellation.ts";
import { createEventLoopTurns } from "../../../src/contact/event-loop-turns.ts";
import { fault } from "../../../src/errors.ts";
import { createBodyReader } from "../../../src/transport/body.ts";

const maxBytes = 8_388_608;
const bodies = createBodyReader({ maxBytes, nextTurn: createEventLoopTurns() });

function optionsOf(more: object = {}) {
  return { maxBytes, mayBeGzip: false, cancellation: new Cancellation(), ...more };
}

function sourceOf(...chunks: readonly Buffer[]) {
  const source = new PassThrough({ highWaterMark: maxBytes });
  for (const chunk of chunks) source.write(chunk);
  return source;
}

const sizes = [0, 1, 65_536, 65_537, 1_000_000, maxBytes];

test.each(sizes)("a body of %d bytes arrives complete, whatever its chunks are", async (size) => {
  const bytes = Buffer.alloc(size);
  for (let n = 0; n < size; n += 1) bytes[n] = n % 251;
  for (const chunkBytes of [size, 50_021]) {
    for (const declared of [undefined, size]) {
      const source = sourceOf();
      for (let at = 0; at < size; at += chunkBytes)
        source.write(bytes.subarray(at, at + chunkBytes));
      source.end();
      const isEqual = await bodies.read(source, optionsOf({ size: declared }), (b) =>
        b.equals(bytes),
      );
      expect(isEqual).toBe(true);
    }
  }
});

test("a compressed body is inflated, up to the limit", async () => {
  const read = (size: number) => {
    const source = sourceOf(gzipSync(Buffer.alloc(size)));
    source.end();
    return bodies.read(source, optionsOf({ mayBeGzip: true }), ({ length }) => length);
  };
  expect(await read(maxBytes)).toBe(maxBytes);
  await expect(read(maxBytes + 1)).rejects.toMatchObject({ reason: "BODY_TOO_LARGE" });
});

test("many large bodies share the memory, and all are read", async () => {
  const bytes = Buffer.alloc(maxBytes, 7);
  const lengths = await Promise.all(
    Array.from({ length: 30 }, () => {
      const source = sourceOf(bytes);
      source.end();
      return bodies.read(source, optionsOf(), ({ length }) => length);
    }),
  );
  expect(new Set(lengths)).toEqual(new Set([maxBytes]));
});

test("large bodies are decoded in turns of their own", async () => {
  let turn = 0;
  let isCounting = true;
  const counting = (async () => {
    while (isCounting) {
      turn += 1;
      await setImmediate();
    }
  })();
  const turns = await Promise.all(
    Array.from({ length: 5 }, () => {
      const source = sourceOf(Buffer.alloc(100_000));
      source.end();
      return bodies.read(source, optionsOf(), () => turn);
    }),
  );
  isCounting = false;
  await counting;
  expect(new Set(turns).size).toBe(5);
});

test("a body whose caller has left is not decoded, and gives its memory to the next", async () => {
  const reason = fault("CANCELLED");
  const decoded: string[] = [];
  const stuck = Array.from({ length: 20 }, () => {
    const cancellation = new Cancellation();
    const source = sourceOf(Buffer.alloc(100_000));
    const read = bodies.read(source, optionsOf({ cancellation }), () => decoded.push("left"));
    read.catch(() => {});
    return { cancellation, source, read };
  });
  const source = sourceOf(Buffer.alloc(100_000));
  source.end();
  const next = bodies.read(source, optionsOf(), () => decoded.push("next"));
  await setImmediate();
  expect(decoded).toEqual([]);
  for (const { cancellation, source: left } of stuck) {
    cancellation.abort(reason);
    left.end();
  }
  await next;
  for (const { read } of stuck) await expect(read).rejects.toBe(reason);
  expect(decoded).toEqual(["next"]);
});
