// Every vector, in Node, and that none of it costs memory for good.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as opsign from "opsign";
import * as typedData from "opsign/typed-data";

import load from "../pkg/opsign.js";
import { files, parse, walk } from "./vectors.js";

const read = (file) =>
  readFileSync(new URL(`../../../vectors/${file}.json`, import.meta.url), "utf8");
const vectors = Object.fromEntries(files.map((file) => [file, parse(read(file))]));

test("payloads pass through WebAssembly's memory in pieces", async () => {
  await opsign.init();
  const { memory } = await load();
  walk({ opsign, typedData }, vectors, ["payload_signing", "recovery", "addresses"]);
  const bytes = memory.buffer.byteLength;
  assert(bytes < 2 << 20, `${bytes} bytes after the vectors, one of which has 10 MiB`);
});

test("vectors", async (t) => {
  await opsign.init();
  await typedData.init();
  const ran = walk({ opsign, typedData }, vectors);
  t.diagnostic(
    `cases: ${Object.entries(ran)
      .map((entry) => entry.join(" "))
      .join(", ")}`,
  );
});

test("WebAssembly's memory stays small", async () => {
  await opsign.init();
  const { memory } = await load();
  const before = memory.buffer.byteLength;
  // A message of 10 MiB lies there twice, compressed and not.
  assert(before < 32 << 20, `${before} bytes after the vectors`);
  const block = { payloadHash: new Uint8Array(32), chainId: 10, address: new Uint8Array(20) };
  for (let round = 0; round < 50_000; round++) {
    new opsign.PayloadHasher().free();
    new opsign.PayloadHasher().finish();
    assert.throws(() => opsign.verifyPayload({ ...block, signature: "0x00" }));
    assert.throws(() => opsign.verifyPayload({ ...block, signature: new Uint8Array(65) }));
    if (round % 100 > 0) continue;
    new opsign.GossipValidator({ topic: "v4", chainId: 10 }).free();
    assert.throws(() => new opsign.GossipValidator({ topic: "v4", chainId: 10, signer: "0x00" }));
    assert.throws(() => opsign.decodeGossip({ topic: "v4", message: new Uint8Array(99) }));
    assert.throws(() => opsign.decodeTransaction(new Uint8Array(99)));
  }
  assert.equal(memory.buffer.byteLength, before);
});
