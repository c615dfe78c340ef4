// The package as published, in a real browser under a strict content security policy.
import assert from "node:assert/strict";
import { test } from "node:test";

import { open, packageFiles, serve } from "../demo/serve.js";
import { unpack } from "./packed.js";
import { files } from "./vectors.js";

test("Chromium", { timeout: 120_000 }, async (t) => {
  const here = (path) => new URL(path, import.meta.url);
  const { installed } = unpack(t);
  const server = await serve({
    "/page.html": here("page.html"),
    "/page.js": here("page.js"),
    "/vectors.js": here("vectors.js"),
    "/icon.svg": here("../demo/icon.svg"),
    ...Object.fromEntries(
      files.map((file) => [`/vectors/${file}.json`, here(`../../../vectors/${file}.json`)]),
    ),
    ...packageFiles(installed),
  });
  t.after(() => server.close());
  const { browser, page, requests, complaints } = await open(server.origin, "/page.html");
  t.after(() => browser.close());

  const { loadedByImport, loadedByInit, tooEarly, ran, micros } = await page.evaluate("result");
  assert.deepEqual(complaints, []);
  assert.equal(tooEarly, "not_initialised");
  const loaded = (urls) => urls.filter((url) => url.endsWith(".wasm"));
  const wasm = `${server.origin}/opsign/pkg/opsign_bg.wasm`;
  const typedData = `${server.origin}/opsign/pkg/typed_data_bg.wasm`;
  assert.deepEqual(loaded(loadedByImport), [], "importing loads no WebAssembly");
  assert.deepEqual(loaded(loadedByInit), [wasm], "typed data is loaded by its own init() alone");
  assert.deepEqual(loaded(requests), [wasm, typedData]);
  for (const file of files) assert(ran[file] > 0);

  // The watch itself works: what the policy forbids is seen.
  await page.evaluate("fetch('http://elsewhere.invalid/').catch(() => {})");
  assert(complaints.some((complaint) => complaint.includes("elsewhere.invalid")));

  const cases = Object.entries(ran).map((entry) => entry.join(" "));
  t.diagnostic(`cases: ${cases.join(", ")}; Chromium ${browser.version()}, recover ${micros} µs`);
});
