// Runs in the browser: every vector, on the package as npm would install it.
import * as opsign from "/opsign/index.js";
import * as typedData from "/opsign/typed-data.js";
import { files, parse, walk } from "/vectors.js";

globalThis.result = run();

async function run() {
  const loadedByImport = performance.getEntriesByType("resource").map(({ name }) => name);
  const tooEarly = (() => {
    try {
      return `${opsign.payloadHash(new Uint8Array())}`;
    } catch (error) {
      return error.code;
    }
  })();
  await opsign.init();
  const loadedByInit = performance.getEntriesByType("resource").map(({ name }) => name);
  await typedData.init();
  const vectors = {};
  for (const file of files) {
    vectors[file] = parse(await (await fetch(`/vectors/${file}.json`)).text());
  }
  const ran = walk({ opsign, typedData }, vectors);

  const { payload_hash: payloadHash, ...vector } = vectors.payload_signing.cases[0];
  const block = { payloadHash, chainId: vector.chain_id, signature: vector.signature };
  const rounds = 200;
  opsign.recoverSigner(block);
  const start = performance.now();
  for (let round = 0; round < rounds; round++) opsign.recoverSigner(block);
  const micros = Math.round(((performance.now() - start) / rounds) * 1000);
  return { loadedByImport, loadedByInit, tooEarly, ran, micros };
}
