// Measures for benches/benches/ratios what is to be measured in Node: lines "JOB CALLS" in, the
// nanoseconds that the calls took out. Every job goes from the hash of a payload and 65 bytes to the
// signer's address.
import assert from "node:assert/strict";
import { createInterface } from "node:readline";

import { secp256k1 as curves } from "@noble/curves/secp256k1.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import * as noble from "@noble/secp256k1";
import * as tiny from "tiny-secp256k1";

import { init, payloadSigningHash, recoverSigner } from "../../wasm/js/index.js";

await init();
noble.hashes.sha256 = sha256;
noble.hashes.hmacSha256 = (key, message) => hmac(sha256, key, message);

const chainId = 10;
const payloadHash = new Uint8Array(32).fill(0x5a);
const signingHash = payloadSigningHash(chainId, payloadHash);
const secret = new Uint8Array(32).fill(0x42);
// noble's form: the recovery id, r, s.
const leading = curves.sign(signingHash, secret, { prehash: false, format: "recovered" });
const signature = Uint8Array.from([...leading.subarray(1), leading[0]]);

const hex = (bytes) => `0x${Buffer.from(bytes).toString("hex")}`;
const addressOf = (point) => hex(keccak_256(point.subarray(1)).subarray(12));
const jobs = {
  opsign: () => recoverSigner({ payloadHash, chainId, signature }).toLowerCase(),
  "noble-secp256k1": () => {
    const key = noble.recoverPublicKey(leading, signingHash, { prehash: false });
    return addressOf(noble.Point.fromBytes(key).toBytes(false));
  },
  "noble-curves": () => {
    const key = curves.recoverPublicKey(leading, signingHash, { prehash: false });
    return addressOf(curves.Point.fromBytes(key).toBytes(false));
  },
  "tiny-secp256k1": () => addressOf(tiny.recover(signingHash, signature.subarray(0, 64), leading[0], false)),
};
const address = addressOf(curves.getPublicKey(secret, false));
for (const [name, job] of Object.entries(jobs)) {
  assert.equal(job(), address, name);
  for (let call = 0; call < 300; call++) job(); // compiled by then
}

for await (const line of createInterface({ input: process.stdin })) {
  const [name, calls] = line.split(" ");
  const job = jobs[name];
  const start = process.hrtime.bigint();
  for (let call = Number(calls); call > 0; call--) job();
  console.log(String(process.hrtime.bigint() - start));
}
