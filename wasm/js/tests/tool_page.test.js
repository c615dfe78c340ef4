// The tool page as a user opens it, from a file, in a real browser: what it says of the vectors, its
// errors, keyboard, phone, dark and light, accessibility, and that it asks nobody anything.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";

import { launch } from "../demo/serve.js";
import { parse } from "./vectors.js";

const here = (path) => new URL(path, import.meta.url);
const address = here("../../page/dist/opsign.html").href;
const pictures = fileURLToPath(here("../../../target/page/"));
const axe = readFileSync(here("../node_modules/axe-core/axe.min.js"), "utf8");
const cases = (file) => parse(readFileSync(here(`../../../vectors/${file}.json`), "utf8")).cases;
const find = (file, name) => cases(file).find((testCase) => testCase.name === name);

let browser;
before(async () => {
  mkdirSync(pictures, { recursive: true });
  browser = await launch();
});
after(() => browser.close());

// Opens the page, and notes all that should not happen there.
async function open(t, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 900 }, ...options });
  t.after(() => context.close());
  const complaints = [];
  context.on("request", (request) => {
    const url = request.url();
    if (url !== address && !url.startsWith("data:")) complaints.push(`asked ${url}`);
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(`${error}`));
  await page.goto(address);
  await page.waitForSelector("html[data-ready]");
  return { page, complaints };
}

async function fillGossip(page, vector) {
  await page.check(`#gossip [name="topic"][value="${vector.topic}"]`, { force: true });
  await page.selectOption("#gossip-chain", "other");
  await page.fill("#gossip-chain-id", vector.chain_id);
  await page.fill("#gossip-signer", vector.address ?? "");
  await page.fill("#gossip-now", String(vector.now));
  await page.evaluate(() => (document.querySelector("#gossip details").open = true));
  await page.fill("#gossip-previous", vector.previous_address ?? "");
  await page.fill("#gossip-jovian", String(vector.jovian_time ?? ""));
}

test("every rule that a single message reaches", { timeout: 120_000 }, async (t) => {
  const { page, complaints } = await open(t);
  const reached = new Map();
  for (const vector of cases("gossip_rules")) {
    if (vector.sequence !== null || vector.message_repeat !== undefined) continue;
    // An empty file is a mistake of the user's, and told so.
    if (vector.message === "0x") continue;
    if (!reached.has(vector.rule)) reached.set(vector.rule, vector);
  }
  for (const [rule, vector] of reached) {
    await fillGossip(page, vector);
    await page.setInputFiles("#gossip input[type=file]", {
      name: "message.bin",
      mimeType: "application/octet-stream",
      buffer: Buffer.from(vector.message.slice(2), "hex"),
    });
    await page.waitForSelector("#gossip .chip:not([hidden])");
    await page.click("#gossip .primary");
    const said = await page.textContent("#gossip .verdict");
    const headline = { accept: "Accepted", ignore: "Ignored", reject: "Rejected" }[vector.verdict];
    assert(said.startsWith(headline) && said.includes(`${rule}, 3`), `${vector.name}: ${said}`);
    const failed = await page.$$eval("#gossip .rules .failed .rule-name", (names) =>
      names.map((name) => name.textContent),
    );
    if (rule === "accepted") assert.deepEqual(failed, []);
    else assert(failed[0].startsWith(`${rule}, `), `${vector.name}: ${failed}`);
    assert.equal(await page.locator("#gossip .rules li").count(), 30);
  }
  // The two rules about blocks seen before, and those whose messages are too long to paste.
  const beyond = cases("gossip_rules").filter(({ rule }) => !reached.has(rule));
  const others = new Set(beyond.map(({ rule }) => rule));
  assert.deepEqual([...others].sort(), [
    "already_seen",
    "ssz_too_many_transactions",
    "too_many_blocks_at_height",
  ]);
  assert.deepEqual(complaints, []);
  t.diagnostic(`cases: ${reached.size} rules`);
});

test("a block is shown with its signer and how its hash was made", async (t) => {
  const { page, complaints } = await open(t);
  const vectors = cases("gossip").filter(({ name }) => /^v\d_good_chain_/.test(name));
  for (const vector of vectors) {
    await fillGossip(page, vector);
    await page.fill(
      "#gossip-message",
      ` ${vector.message.slice(2, 90)}\n${vector.message.slice(90)} `,
    );
    await page.click("#gossip .primary");
    const said = await page.innerText("#gossip .result");
    const { decoded } = vector;
    for (const key of ["payload_hash", "signing_hash", "parent_hash", "block_hash", "signer"]) {
      assert(said.includes(decoded[key]), `${vector.name}: ${key}`);
    }
    assert(said.includes("the hash of these contents") && said.includes("the expected one"));
    assert(said.includes("2025-10-09 08:53:20 UTC"));
    assert(said.includes(BigInt(vector.chain_id).toString(16).padStart(64, "0")));
    const list = page.locator("#gossip .transactions details");
    const count = await list.count();
    assert(count > 0);
    for (let index = 0; index < count; index++) {
      await list.nth(index).locator("summary").click();
      await list.nth(index).locator("dl").waitFor();
      assert.match(
        await list.nth(index).innerText(),
        /Hash\s+0x[\da-f]{64}\s+Sender\s+0x[\da-fA-F]{40}/,
      );
    }
  }
  assert(vectors.length >= 4);
  assert.deepEqual(complaints, []);
  t.diagnostic(`cases: ${vectors.length} blocks`);
});

test("files: hex and raw, opened and dropped", async (t) => {
  const { page, complaints } = await open(t);
  const vector = find("gossip", "v3_good_chain_10");
  const raw = Buffer.from(vector.message.slice(2), "hex");
  await fillGossip(page, vector);
  const contents = [Buffer.from(`${vector.message}\n`), Buffer.from(vector.message.slice(2)), raw];
  for (const buffer of contents) {
    await page.setInputFiles("#gossip input[type=file]", { name: "block", mimeType: "", buffer });
    await page.waitForSelector("#gossip .chip:not([hidden])");
    assert.match(await page.innerText("#gossip .chip"), /^block, .* bytes/);
    await page.click("#gossip .primary");
    assert.match(await page.innerText("#gossip .verdict"), /Accepted/);
    await page.click("#gossip .chip button");
    assert.equal(await page.evaluate(() => document.activeElement.id), "gossip-message");
  }
  await page.evaluate(
    (bytes) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([Uint8Array.from(bytes)], "dropped.bin"));
      const field = document.querySelector("#gossip [data-bytes]");
      field.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    },
    [...raw],
  );
  await page.waitForSelector("#gossip .chip:not([hidden])");
  await page.fill("#gossip-now", "1");
  await page.click("#gossip-block-time");
  assert.equal(await page.inputValue("#gossip-now"), "1760000000");
  await page.click("#gossip .primary");
  assert.match(await page.innerText("#gossip .verdict"), /Accepted/);
  await page.setInputFiles("#gossip input[type=file]", {
    name: "note.txt",
    mimeType: "text/plain",
    buffer: Buffer.from("not hex"),
  });
  await page.waitForSelector("#gossip-message-error");
  assert.match(await page.innerText("#gossip-message-error"), /“n” is no hex digit \(digit 1\)/);
  assert.deepEqual(complaints, []);
});

test("the chains fill in their fields", async (t) => {
  const { page, complaints } = await open(t);
  const { networks, count } = JSON.parse(readFileSync(here("../../page/chains.json"), "utf8"));
  const chains = networks.flatMap(({ chains }) => chains);
  assert.equal(chains.length, count);
  assert.equal(new Set(chains.map(({ chain_id: id }) => id)).size, count);
  for (const { chain_id: id, signer } of chains) {
    assert.match(signer, /^0x[\da-f]{40}$/);
    await page.selectOption("#gossip-chain", String(id));
    assert.equal(await page.inputValue("#gossip-chain-id"), String(id));
    assert.equal(await page.inputValue("#gossip-signer"), signer);
  }
  await page.fill("#gossip-signer", "0x");
  assert.equal(await page.inputValue("#gossip-chain"), "other");
  assert.deepEqual(complaints, []);
  t.diagnostic(`cases: ${count} chains`);
});

test("errors stand below their field, in a sentence", async (t) => {
  const { page, complaints } = await open(t);
  const vector = find("gossip", "v4_good_chain_10");
  const wrong = [
    ["gossip-message", "", /^There is nothing here yet/],
    ["gossip-message", "0x123", /one is missing/],
    ["gossip-message", "0x12 xy", /“x” is no hex digit \(digit 3\)/],
    ["gossip-chain-id", "ten", /no digit at position 0/],
    ["gossip-chain-id", "", /empty/],
    ["gossip-signer", "0x12", /too short/],
    ["gossip-signer", vector.address.replace("A", "a"), /checksum/],
    ["gossip-now", "soon", /whole number/],
    ["gossip-now", "99999999999999999999", /64 bits/],
    ["gossip-previous", "12", /0x/],
    ["gossip-jovian", "-1", /whole number/],
  ];
  for (const [id, value, message] of wrong) {
    await fillGossip(page, vector);
    await page.fill("#gossip-message", vector.message);
    await page.fill(`#${id}`, value);
    await page.click("#gossip .primary");
    assert.match(await page.innerText(`#${id}-error`), message);
    assert.equal(await page.evaluate(() => document.activeElement.id), id);
    assert.equal(await page.getAttribute(`#${id}`, "aria-invalid"), "true");
    assert((await page.getAttribute(`#${id}`, "aria-describedby")).includes(`${id}-error`));
    assert.equal(await page.locator(".error").count(), 1);
    assert.equal(await page.locator("#gossip .verdict").count(), 0);
    await page.fill(`#${id}`, "0");
    assert.equal(await page.locator(".error").count(), 0);
  }
  assert.deepEqual(complaints, []);
  t.diagnostic(`cases: ${wrong.length} errors`);
});

test("signatures of payloads, messages and hashes", async (t) => {
  const { page, complaints } = await open(t);
  await page.click("#tab-signature");
  const personal = find("messages", "personal_hello_world");
  const [block] = cases("payload_signing");
  const high = cases("recovery").find(({ strict }) => strict.error === "signature_s_high");
  const field = (name) => `#signature-${name}`;
  const choose = (name, value) =>
    page.check(`#signature [name="${name}"][value="${value}"]`, { force: true });
  const text = Buffer.from(personal.message.slice(2), "hex").toString();
  const known = [
    ["payload", { payload: block.payload, "chain-id": block.chain_id }, block],
    ["payload-hash", { "payload-hash": block.payload_hash, "chain-id": block.chain_id }, block],
    ["message", { message: text }, personal],
    ["hash", { hash: block.signing_hash }, block],
  ];
  let ran = 0;
  for (const [kind, values, { signature, address: signer, signing_hash, hash }] of known) {
    await choose("kind", kind);
    for (const [name, value] of Object.entries(values)) await page.fill(field(name), value);
    for (const form of ["whole", "parts"]) {
      await choose("form", form);
      const parts = {
        whole: { whole: signature },
        parts: {
          r: signature.slice(0, 66),
          s: signature.slice(66, 130),
          v: String(Number.parseInt(signature.slice(130), 16)),
        },
      }[form];
      for (const [name, value] of Object.entries(parts)) await page.fill(field(name), value);
      for (const [expected, headline] of [
        ["", "The signer"],
        [signer, "The expected signer"],
        [signer.toLowerCase(), "The expected signer"],
        [`0x${"42".repeat(20)}`, "Somebody else"],
      ]) {
        await page.fill(field("address"), expected);
        await page.click("#signature .primary");
        assert.equal(await page.innerText("#signature .verdict h2"), headline, kind);
        assert((await page.innerText("#signature .verdict")).includes(signer));
        ran++;
      }
    }
    if (kind === "hash") continue;
    assert((await page.innerText("#signature .result")).includes(signing_hash ?? hash));
  }
  await choose("kind", "payload-hash");
  await choose("form", "whole");
  await page.fill(field("address"), "");
  await page.fill(field("payload-hash"), high.payload_hash);
  await page.fill(field("chain-id"), high.chain_id);
  await page.fill(field("whole"), high.signature);
  await page.click("#signature .primary");
  assert.match(await page.innerText("#signature .verdict"), /No sound signature\s+.*upper half/);
  await choose("rules", "consensus");
  await page.click("#signature .primary");
  assert((await page.innerText("#signature .verdict")).includes(high.consensus.address));
  await page.fill(field("whole"), "0x1234");
  await page.click("#signature .primary");
  assert.equal(
    await page.innerText("#signature-whole-error"),
    "A signature has 65 bytes, and here are 2.",
  );
  await page.fill(field("whole"), high.signature);
  await page.fill(field("payload-hash"), "0x12");
  await page.click("#signature .primary");
  assert.match(await page.innerText("#signature-payload-hash-error"), /32 bytes, and here are 1/);
  assert.deepEqual(complaints, []);
  t.diagnostic(`cases: ${ran + 4} signatures`);
});

test("transactions of every type", async (t) => {
  const { page, complaints } = await open(t);
  await page.click("#tab-transaction");
  const names = [
    "legacy_eip155_example",
    "2930_y_parity_0",
    "1559_y_parity_1",
    "4844_y_parity_0",
    "7702_y_parity_1",
    "deposit_l1_attributes",
  ];
  const sidecars = cases("transactions").filter(
    ({ sidecar, sender }) => sidecar?.blobs === 1 && sender,
  );
  const versions = [0, 1].map((wanted) =>
    sidecars.find(({ sidecar }) => sidecar.version === wanted),
  );
  const all = [...names.map((name) => find("transactions", name)), ...versions];
  for (const vector of all) {
    const raw = vector.raw_parts.map(({ hex, repeat }) => hex.slice(2).repeat(repeat)).join("");
    await page.setInputFiles("#transaction input[type=file]", {
      name: "transaction.bin",
      mimeType: "",
      buffer: Buffer.from(raw, "hex"),
    });
    await page.waitForSelector("#transaction .chip:not([hidden])");
    await page.click("#transaction .primary");
    const said = await page.innerText("#transaction .result");
    for (const part of [
      vector.hash,
      vector.sender,
      vector.to,
      vector.type === 126 ? null : vector.signing_hash,
    ]) {
      assert(part === null || said.includes(part), `${vector.name}: ${part}`);
    }
    if (vector.sidecar !== null) assert(said.includes(`version ${vector.sidecar.version}`));
    for (const { authority } of vector.authorizations ?? []) assert(said.includes(authority));
    await page.click("#transaction .chip button");
  }
  await page.fill("#transaction-raw", "0x02c0");
  await page.click("#transaction .primary");
  assert.match(await page.innerText("#transaction-raw-error"), /chain id/);
  assert.deepEqual(complaints, []);
  t.diagnostic(`cases: ${all.length} transactions`);
});

test("with a keyboard alone", async (t) => {
  const { page, complaints } = await open(t);
  const focused = () =>
    page.evaluate(() => document.activeElement.id || document.activeElement.textContent);
  const press = (...keys) =>
    keys.reduce((done, key) => done.then(() => page.keyboard.press(key)), Promise.resolve());
  const tabTo = async (wanted) => {
    for (let steps = 0; steps < 40; steps++) {
      await press("Tab");
      if ((await focused()) === wanted) return;
    }
    assert.fail(`Tab does not lead to ${wanted}`);
  };
  await press("Tab");
  assert.equal(await focused(), "tab-gossip");
  await press("Tab");
  assert.equal(await focused(), "gossip-message");
  await tabTo("Try a sample");
  await press("Enter");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /^Accepted/);
  // From the answer on into its parts, and back up to the form.
  await press("Tab");
  assert.equal(await focused(), "All other fields");
  await press("Enter");
  assert(await page.isVisible("text=Receipts root"));
  await page.focus("#tab-gossip");
  await press("ArrowRight");
  assert.equal(await focused(), "tab-signature");
  assert((await page.isVisible("#signature")) && !(await page.isVisible("#gossip")));
  await press("Tab", "ArrowRight", "ArrowRight");
  assert(await page.isVisible("#signature-message"));
  await press("Tab");
  assert.equal(await focused(), "signature-message");
  await page.keyboard.type("Hello");
  await press("Control+Enter");
  assert.equal(await focused(), "signature-whole");
  await page.focus("#tab-signature");
  await press("End");
  assert.equal(await focused(), "tab-transaction");
  await press("ArrowRight");
  assert.equal(await focused(), "tab-gossip");
  // Enter sends from a field that is a text only to wrap.
  await page.focus("#gossip-signer");
  await press("Control+a");
  await page.keyboard.type(`0x${"42".repeat(20)}`);
  await press("Enter");
  assert.match(
    await page.evaluate(() => document.activeElement.textContent),
    /^Rejected.*Another key/,
  );
  assert.deepEqual(complaints, []);
});

const looks = [
  ["desk", { viewport: { width: 1000, height: 900 } }],
  // As narrow as phones are.
  ["phone", { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true }],
];
for (const colorScheme of ["light", "dark"]) {
  for (const [device, options] of looks) {
    test(`${device}, ${colorScheme}`, { timeout: 120_000 }, async (t) => {
      const { page, complaints } = await open(t, { ...options, colorScheme });
      const name = (state) => `${pictures}${device}-${colorScheme}-${state}.png`;
      let checked = 0;
      const look = async (state) => {
        await page.screenshot({ path: name(state), fullPage: true });
        const [width, room] = await page.evaluate(() => [
          document.documentElement.scrollWidth,
          innerWidth,
        ]);
        assert(width <= room, `${state}: ${width} pixels where ${room} are`);
        assert.equal(room, options.viewport.width, `${state}: nothing widens the page`);
        await page.evaluate(axe);
        const { violations, passes } = await page.evaluate(() => globalThis.axe.run());
        assert(passes.length > 15);
        const found = violations.map(
          ({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0].html}`,
        );
        assert.deepEqual(found, [], state);
        checked++;
      };
      await look("start");
      const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      assert.equal(ground, { light: "rgb(245, 246, 248)", dark: "rgb(16, 21, 27)" }[colorScheme]);
      await page.click("#gossip .sample");
      for (const summary of await page.$$("#gossip summary")) await summary.click();
      await look("accepted");
      await page.fill("#gossip-now", "");
      await page.click("#gossip .primary");
      await look("rejected");
      await page.fill("#gossip-signer", "");
      await page.click("#gossip .primary");
      await look("ignored");
      await page.fill("#gossip-chain-id", "ten");
      await page.click("#gossip .primary");
      await look("error");
      await page.click("#tab-signature");
      await page.click("#signature .sample");
      await look("signature");
      await page.check('#signature [name="kind"][value="payload-hash"]', { force: true });
      await page.check('#signature [name="form"][value="parts"]', { force: true });
      await look("parts");
      await page.click("#tab-transaction");
      await page.click("#transaction .sample");
      await look("transaction");
      assert.deepEqual(complaints, []);
      t.diagnostic(`cases: ${checked} looks`);
    });
  }
}

test("nothing may leave the page, and the watch sees what tries", async (t) => {
  const { page, complaints } = await open(t);
  // Playwright reports a request that the policy stops, too: what counts is that it was stopped.
  const [answers, stops] = [[], []];
  page.on("response", (response) => answers.push(response.url()));
  page.on("requestfailed", (request) =>
    stops.push(`${request.url()} ${request.failure().errorText}`),
  );
  const tries = {
    fetch: "fetch('http://127.0.0.1:9/').catch(() => {})",
    image: "{ const image = new Image(); image.src = 'http://127.0.0.1:9/a.png'; }",
    script:
      "{ const script = document.createElement('script'); try { script.src = 'data:text/javascript,1'; } catch { console.error('refused script') } document.head.append(script); }",
    markup: "try { document.body.innerHTML = '' } catch { console.error('refused markup') }",
    beacon: "navigator.sendBeacon('http://127.0.0.1:9/', 'x')",
    form: "{ const form = document.createElement('form'); form.action = 'http://127.0.0.1:9/'; document.body.append(form); form.submit(); }",
  };
  for (const [name, code] of Object.entries(tries)) {
    const before = complaints.length;
    await page.evaluate(code);
    // A second complaint of the same try must not count for the next.
    await page.waitForTimeout(100);
    for (const end = Date.now() + 20_000; complaints.length === before && Date.now() < end; ) {
      await page.waitForTimeout(20);
    }
    assert(complaints.length > before, `${name} went unseen`);
  }
  assert.deepEqual(answers, []);
  for (const stop of stops) assert.match(stop, / csp$/);
  assert.equal(page.url(), address);
  t.diagnostic(`cases: ${Object.keys(tries).length} ways out refused`);
});
