// What is published: its files, its size, its version, and the README's examples in a project that
// has nothing else.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import * as opsign from "opsign";

import { unpack } from "./packed.js";

const here = (path) => new URL(`../${path}`, import.meta.url);
const read = (path) => readFileSync(here(path), "utf8");
const { files, ...manifest } = JSON.parse(read("package.json"));
const readme = read("README.md");

test("the tarball holds the files that are listed, and the examples run from it", (t) => {
  const { project, installed } = unpack(t);
  const found = readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.path, entry.name).slice(fileURLToPath(installed).length));
  assert.deepEqual(found.sort(), [...files, "README.md", "package.json"].sort());

  const examples = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);
  for (const [index, code] of examples.entries()) {
    // `call; // result` and `console.log(...); // output` say what is to be seen.
    const program = code.replaceAll(/^(?!\s|console)(.+); \/\/ (.+)$/gm, (_, call, result) =>
      `if ((${call}) !== ${result}) throw new Error(${JSON.stringify(call)});`);
    const printed = [...code.matchAll(/console\.log\(.*\); \/\/ (.+)$/gm)].map(([, text]) => text);
    writeFileSync(join(project, `example${index}.mjs`), program);
    const output = execFileSync(process.execPath, [`example${index}.mjs`], { cwd: project });
    assert.equal(`${output}`, printed.map((line) => `${line}\n`).join(""));
    assert(program !== code || printed.length > 0, "the example shows a result");
  }
  assert.equal(examples.length, 4);
  t.diagnostic(`cases: ${files.length} files, ${examples.length} examples`);
});

test("the README states the sizes", () => {
  const stated = [...readme.matchAll(/(\d+) KB \((\d+) KB gzipped\)/g)];
  const modules = ["opsign_bg.wasm", "typed_data_bg.wasm"];
  assert.equal(stated.length, modules.length);
  for (const [index, name] of modules.entries()) {
    const wasm = readFileSync(here(`pkg/${name}`));
    for (const [at, size] of [wasm.length, gzipSync(wasm, { level: 9 }).length].entries()) {
      const said = Number(stated[index][at + 1]);
      // The compiler is Debian's, which moves, and the size with it.
      const off = Math.abs(size / 1000 / said - 1);
      assert(off < 0.03, `${name} has ${size} bytes, but the README says ${said} KB`);
    }
  }
});

// The module is compiled for size, in which a Keccak that is not written out takes four times as long.
test("hashing is to recovery as the README says", async () => {
  await opsign.init();
  const [, recovery, hashing] = readme.match(/recovering.* takes ([\d.]+) ms, hashing 1 MiB ([\d.]+) ms/);
  const payload = new Uint8Array(1 << 20);
  const signature = "01".repeat(64) + "00";
  const least = (call) => {
    const times = Array.from({ length: 40 }, () => {
      const start = performance.now();
      call();
      return performance.now() - start;
    });
    return Math.min(...times);
  };
  const recovered = least(() => opsign.recoverSigner({ payload: new Uint8Array(), chainId: 10, signature }));
  const hashed = least(() => opsign.payloadHash(payload));
  const slower = hashed / recovered / (hashing / recovery);
  assert(slower < 2, `${hashed} ms beside ${recovered} is ${slower} times what the README says`);
});

test("one version everywhere", () => {
  const [, version] = read("../../Cargo.toml").match(/^version = "(.+)"$/m);
  assert.equal(manifest.version, version);
  assert.equal(opsign.version, version);
  assert.equal(JSON.parse(read("package-lock.json")).version, version);
});

test("the types name the errors of the table", () => {
  const [, union] = read("index.d.ts").match(/export type ErrorCode =\n(.*?);\n/s);
  const named = [...union.matchAll(/\| "(\w+)"/g)].map(([, code]) => code);
  assert.deepEqual(named.sort(), opsign.errors.map(({ code }) => code).sort());
  for (const [, numbers] of union.matchAll(/\/\*\* ([\d to,and]+):/g)) {
    const [first] = numbers.match(/\d+/);
    assert(opsign.errors.some(({ number }) => number === Number(first)));
  }
});

test("the types name the reasons of the table", () => {
  const [, union] = read("index.d.ts").match(/export type GossipReason =\n(.*?);\n/s);
  const named = [...union.matchAll(/\| "(\w+)"/g)].map(([, name]) => name);
  assert.deepEqual(named, opsign.gossipReasons.map(({ name }) => name));
});

test("nothing of the machine that built it is inside", () => {
  for (const file of files) {
    const text = readFileSync(here(file), "latin1");
    assert.doesNotMatch(text, /\/(home|root|work|tmp|usr)\/|index\.crates\.io|\.cargo/, file);
  }
  assert.doesNotMatch(read("package-lock.json"), /"resolved"/);
  assert.equal(manifest.dependencies, undefined);
});
