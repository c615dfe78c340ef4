// Every vector, in Node, and that none of it costs memory for good.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as opsign from "opsign";

import load from "../pkg/opsign.js";
import { files, walk } from "./vectors.js";

test("vectors", async (t) => {
  await opsign.init();
  const read = (file) => readFileSync(new URL(`../../../vectors/${file}.json`, import.meta.url));
  const ran = walk(opsign, Object.fromEntries(files.map((file) => [file, JSON.parse(read(file))])));
  t.diagnostic(`cases: ${Object.entries(ran).map((entry) => entry.join(" ")).join(", ")}`);
});

test("WebAssembly's memory stays small", async () => {
  await opsign.init();
  const { memory } = await load();
  const before = memory.buffer.byteLength;
  assert(before < 2 << 20, `${before} bytes after the vectors, one of which has 10 MiB`);
  const block = { payloadHash: new Uint8Array(32), chainId: 10, address: new Uint8Array(20) };
  for (let round = 0; round < 50_000; round++) {
    new opsign.PayloadHasher().free();
    new opsign.PayloadHasher().finish();
    assert.throws(() => opsign.verifyPayload({ ...block, signature: "0x00" }));
    assert.throws(() => opsign.verifyPayload({ ...block, signature: new Uint8Array(65) }));
  }
  assert.equal(memory.buffer.byteLength, before);
});
