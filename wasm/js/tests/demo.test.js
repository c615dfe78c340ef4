// The demo judges: what they say, and with which number they end.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

const { cases } = JSON.parse(
  readFileSync(new URL("../../../vectors/payload_signing.json", import.meta.url)),
);
const block = cases.find(({ name }) => name === "block_v4");

function judge(t, program, change = {}) {
  const folder = mkdtempSync(join(tmpdir(), "opsign-demo-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const payload = join(folder, "payload.bin");
  writeFileSync(payload, Buffer.from(block.payload.slice(2), "hex"));
  const given = {
    "--chain-id": block.chain_id,
    "--payload": payload,
    "--signature": block.signature,
    "--address": block.address,
    ...(program === "chromium.mjs" ? { "--screenshot": join(folder, "page.png") } : {}),
    ...change,
  };
  const args = Object.entries(given).flat().filter((value) => value !== undefined);
  const path = fileURLToPath(new URL(`../demo/${program}`, import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [path, ...args], { encoding: "utf8" });
  const picture = () => readFileSync(given["--screenshot"]);
  return { status, said: stdout === "" ? undefined : JSON.parse(stdout), picture };
}

test("in Node", (t) => {
  const good = judge(t, "judge.mjs");
  assert.equal(good.status, 0);
  assert.equal(good.said.judge, `opsign in Node ${process.version}`);
  assert.equal(good.said.verdict, "accept");
  assert.equal(good.said.flipped_bit, "reject");
  assert(good.said.micros > 0);

  const rejected = {
    wrong_signer: { "--chain-id": "11" },
    signature_y_parity: { "--signature": block.signature.replace(/..$/, "1b") },
  };
  for (const [reason, change] of Object.entries(rejected)) {
    const { status, said } = judge(t, "judge.mjs", change);
    assert.equal(status, 1);
    assert.equal(said.verdict, "reject");
    assert.equal(said.reason, reason);
  }
  const ends = [
    [64, { "--address": undefined }],
    [64, { "--unknown": "1" }],
    [65, { "--payload": "/nowhere/payload.bin" }],
    [65, { "--chain-id": "ten" }],
    [65, { "--signature": "0x00" }],
    [65, { "--address": block.address.slice(2) }],
  ];
  for (const [status, change] of ends) {
    assert.equal(judge(t, "judge.mjs", change).status, status, JSON.stringify(change));
  }
});

test("in Chromium", { timeout: 120_000 }, (t) => {
  const good = judge(t, "chromium.mjs");
  assert.equal(good.status, 0);
  assert.match(good.said.judge, /^opsign in Chromium \d+\./);
  assert.equal(good.said.verdict, "accept");
  assert.equal(good.said.flipped_bit, "reject");
  assert.equal(good.picture().subarray(1, 4).toString(), "PNG");

  const bad = judge(t, "chromium.mjs", { "--address": `0x${"42".repeat(20)}` });
  assert.equal(bad.status, 1);
  assert.equal(bad.said.reason, "wrong_signer");
  assert.equal(judge(t, "chromium.mjs", { "--chain-id": "ten" }).status, 65);
  assert.equal(judge(t, "chromium.mjs", { "--screenshot": undefined }).status, 64);
});
