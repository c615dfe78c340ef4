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

  const { loadedByImport, tooEarly, ran, micros } = await page.evaluate("result");
  assert.deepEqual(complaints, []);
  assert.equal(tooEarly, "not_initialised");
  const wasm = `${server.origin}/opsign/pkg/opsign_bg.wasm`;
  assert(!loadedByImport.includes(wasm), "importing loads no WebAssembly");
  assert.equal(requests.filter((url) => url === wasm).length, 1);
  for (const file of files) assert(ran[file] > 0);

  // The watch itself works: what the policy forbids is seen.
  await page.evaluate("fetch('http://elsewhere.invalid/').catch(() => {})");
  assert(complaints.some((complaint) => complaint.includes("elsewhere.invalid")));

  const cases = Object.entries(ran).map((entry) => entry.join(" "));
  t.diagnostic(`cases: ${cases.join(", ")}; Chromium ${browser.version()}, recover ${micros} µs`);
});
