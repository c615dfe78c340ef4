// Loading: what importing does not do, what calls say too early, failures, sources, traps. Each
// test is a process of its own, since a module can be loaded only once.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { test } from "node:test";

const folder = fileURLToPath(new URL("..", import.meta.url));

// Runs a module and gives back what it says about itself as `report`.
async function run(code) {
  const program = `
    import assert from "node:assert/strict";
    import { readFileSync } from "node:fs";
    const inPackage = (path) => new URL(path, "file://${encodeURI(folder)}");
    const file = inPackage("./pkg/opsign_bg.wasm");
    const typedDataFile = inPackage("./pkg/typed_data_bg.wasm");
    const works = ({ payloadHash }) =>
      assert.deepEqual([...payloadHash(new Uint8Array()).subarray(0, 4)], [0xc5, 0xd2, 0x46, 0x01]);
    // A copy of a module in which one function traps stands for the bug that we do not know of.
    const trapping = (binaryen, wasm, planted) => {
      const module = binaryen.readBinary(readFileSync(wasm));
      const found = [];
      for (let index = 0; index < module.getNumExports(); index++) {
        const { name, value } = binaryen.getExportInfo(module.getExportByIndex(index));
        if (name === planted) found.push(value);
      }
      assert.equal(found.length, 1);
      const { params, results } = binaryen.getFunctionInfo(module.getFunction(found[0]));
      module.removeFunction(found[0]);
      module.addFunction(found[0], params, results, [], module.unreachable());
      return module.emitBinary();
    };
    ${code}
    console.log("ran to its end");`;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "--no-warnings", "--eval", program],
    { cwd: folder },
  );
  assert.equal(stderr, "");
  assert.equal(stdout, "ran to its end\n");
}

test("importing does nothing", () =>
  run(`
    import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";

    const touched = [];
    const watch = (object, name) => {
      const original = object[name];
      object[name] = function (...args) {
        // Node's own loader reads the modules themselves, and only those.
        if (!/\\.(js|json)$/.test(String(args[0]))) touched.push(name);
        return Reflect.apply(original, this, args);
      };
    };
    watch(globalThis, "fetch");
    for (const name of ["compile", "instantiate", "compileStreaming"]) watch(WebAssembly, name);
    for (const name of ["Module", "Instance", "Memory"]) {
      WebAssembly[name] = new Proxy(WebAssembly[name], {
        construct(target, args) {
          touched.push(name);
          return Reflect.construct(target, args);
        },
      });
    }
    for (const name of ["readFile", "readFileSync", "open", "openSync"]) watch(fs, name);
    watch(fs.promises, "readFile");
    for (const name of ["setTimeout", "setInterval", "queueMicrotask"]) watch(globalThis, name);
    watch(process, "getBuiltinModule");
    syncBuiltinESMExports();
    const globals = () => Reflect.ownKeys(globalThis).map(String).sort();
    const before = globals();

    const opsign = await import("opsign");
    const typedData = await import("opsign/typed-data");
    assert.deepEqual(touched, []);
    assert.deepEqual(globals(), before);
    const active = process.getActiveResourcesInfo().filter((name) => /Timeout|FS|TCP/.test(name));
    assert.deepEqual(active, []);

    // The watch itself works: loading is seen.
    await opsign.init();
    const needed = ["getBuiltinModule", "readFile", "compile", "instantiate"];
    assert.deepEqual([...new Set(touched)], needed);
    works(opsign);`));

test("calls before init() throw one clear sentence", () =>
  run(`
    const opsign = await import("opsign");
    const calls = {
      payloadHash: () => opsign.payloadHash(new Uint8Array()),
      payloadSigningHash: () => opsign.payloadSigningHash(10, new Uint8Array(32)),
      verifyPayload: () => opsign.verifyPayload({}),
      recoverSigner: () => opsign.recoverSigner(),
      verifyMany: () => opsign.verifyMany({}),
      PayloadHasher: () => new opsign.PayloadHasher(),
      decodeTransaction: () => opsign.decodeTransaction(new Uint8Array()),
      transactionHash: () => opsign.transactionHash(new Uint8Array()),
      transactionSender: () => opsign.transactionSender(new Uint8Array()),
      authorizationHash: () => opsign.authorizationHash({}),
      authorizationSigner: () => opsign.authorizationSigner({}),
      personalMessageHash: () => opsign.personalMessageHash(""),
      personalMessageSigner: () => opsign.personalMessageSigner({}),
      recoverSigningHash: () => opsign.recoverSigningHash({}),
      decodeGossip: () => opsign.decodeGossip({}),
      l1InfoFromTransaction: () => opsign.l1InfoFromTransaction(new Uint8Array()),
      GossipValidator: () => new opsign.GossipValidator({}),
    };
    const functions = Object.entries(opsign).filter(([, value]) => typeof value === "function");
    const others = ["init", "OpsignError"];
    assert.deepEqual(
      functions.map(([name]) => name).filter((name) => !others.includes(name)).sort(),
      Object.keys(calls).sort(),
    );
    const tooEarly = {
      name: "OpsignError",
      code: "not_initialised",
      number: 5,
      message: 'init() of "opsign" must finish before the first call: await init()',
    };
    for (const call of Object.values(calls)) assert.throws(call, tooEarly);
    const loading = opsign.init();
    for (const call of Object.values(calls)) assert.throws(call, tooEarly);
    await loading;
    works(opsign);
    assert.throws(calls.verifyPayload, { code: "wrong_type" });

    // Each module has an init() of its own, and says which is missing.
    const typedData = await import("opsign/typed-data");
    const names = ["OpsignError", "init", "typedDataHash", "typedDataSigner"];
    assert.deepEqual(Object.keys(typedData), names);
    const missing = { ...tooEarly, message: tooEarly.message.replace("opsign", "opsign/typed-data") };
    const typedDataCalls = [
      () => typedData.typedDataHash("{}"),
      () => typedData.typedDataSigner({}),
    ];
    for (const call of typedDataCalls) assert.throws(call, missing);
    const second = typedData.init();
    for (const call of typedDataCalls) assert.throws(call, missing);
    await second;
    assert.throws(typedDataCalls[0], { code: "typed_data_domain" });
    assert.throws(typedDataCalls[1], { code: "wrong_type" });
    assert.equal(typedData.OpsignError, opsign.OpsignError);`));

test("init() may be called again", () =>
  run(`
    const opsign = await import("opsign");
    const [one, two, three] = [opsign.init(), opsign.init("file:///ignored"), opsign.init(42)];
    assert(one instanceof Promise);
    assert.deepEqual(await Promise.all([one, two, three]), [undefined, undefined, undefined]);
    works(opsign);
    assert.equal(await opsign.init("file:///ignored, too"), undefined);
    works(opsign);`));

test("a failed init() can be tried again", () =>
  run(`
    import binaryen from "binaryen";
    const opsign = await import("opsign");
    const bytes = readFileSync(file);
    const otherVersion = Buffer.from(bytes);
    const at = otherVersion.indexOf("__wbg_new_");
    assert(at > 0);
    otherVersion[at + 10] ^= 1;
    const stranger = binaryen.parseText('(module (func (export "__wbindgen_start")))').emitBinary();
    const failures = [
      ["not_initialised", new URL("missing.wasm", file), /ENOENT/],
      ["not_initialised", "file:///nowhere/missing.wasm", /ENOENT/],
      ["not_initialised", "http://127.0.0.1:1/opsign_bg.wasm", /fetch failed/],
      ["not_initialised", new Uint8Array(), /empty/],
      ["not_initialised", new TextEncoder().encode("<!doctype html>"), /magic word/],
      ["not_initialised", bytes.subarray(0, 1000), /./],
      ["not_initialised", otherVersion, /Import/],
      ["not_initialised", stranger, /this is not opsign_bg.wasm/],
      ["not_initialised", typedDataFile, /this is not opsign_bg.wasm/],
      ["not_initialised", new Response("gone", { status: 404 }), /status 404/],
      ["not_initialised", { then: (_, no) => no(new Error("no network")) }, /no network/],
      ["wrong_type", "opsign_bg.wasm", /absolute URL/],
      ...[null, 42, true, {}, [], Symbol("s"), () => {}, new SharedArrayBuffer(8)].map((value) =>
        ["wrong_type", value, /^source must be/]),
    ];
    for (const [code, source, message] of failures) {
      await assert.rejects(opsign.init(source), (error) => {
        assert(error instanceof opsign.OpsignError, String(error));
        assert.equal(error.code, code, error.message);
        assert.match(error.message, message);
        if (code === "not_initialised") assert(error.cause instanceof Error);
        return true;
      });
      assert.throws(() => opsign.payloadHash(new Uint8Array()), { code: "not_initialised" });
    }
    await opsign.init();
    works(opsign);

    const typedData = await import("opsign/typed-data");
    const wrong = { code: "not_initialised", message: /this is not typed_data_bg.wasm/ };
    await assert.rejects(typedData.init(file), wrong);
    assert.throws(() => typedData.typedDataHash("{}"), { code: "not_initialised" });
    await typedData.init(typedDataFile);
    assert.throws(() => typedData.typedDataHash("{}"), { code: "typed_data_domain" });`));

test("every kind of source", async () => {
  const sources = [
    "undefined",
    "file",
    "file.href",
    "readFileSync(file)",
    "new Uint8Array(readFileSync(file)).buffer",
    "new DataView(new Uint8Array(readFileSync(file)).buffer)",
    "new Response(readFileSync(file))",
    "new WebAssembly.Module(readFileSync(file))",
    '"data:application/wasm;base64," + readFileSync(file, "base64")',
    "Promise.resolve(file)",
    "Promise.resolve(new Response(readFileSync(file)))",
  ];
  await Promise.all(
    sources.map((source) =>
      run(`
        const opsign = await import("opsign");
        await opsign.init(${source});
        works(opsign);`),
    ),
  );
});

test("after a trap nothing of that module runs any more", () =>
  run(`
    import binaryen from "binaryen";
    const opsign = await import("opsign");
    await opsign.init(trapping(binaryen, file, "recoverSigner"));
    works(opsign);
    const typedData = await import("opsign/typed-data");
    await typedData.init();
    const hasher = new opsign.PayloadHasher();
    const validator = new opsign.GossipValidator({ topic: "v4", chainId: 10 });
    const block = { payloadHash: new Uint8Array(32), chainId: 10, signature: new Uint8Array(65) };
    assert.throws(() => opsign.recoverSigner(block), (error) => {
      assert.equal(error.code, "internal");
      assert.equal(error.number, 9);
      assert(error.cause instanceof WebAssembly.RuntimeError);
      return true;
    });
    const stopped = { name: "OpsignError", code: "internal", number: 9 };
    assert.throws(() => opsign.payloadHash(new Uint8Array()), stopped);
    assert.throws(() => hasher.update(new Uint8Array()), stopped);
    assert.throws(() => hasher.finish(), stopped);
    assert.throws(() => new opsign.PayloadHasher(), stopped);
    assert.throws(() => validator.validate(0, new Uint8Array()), stopped);
    assert.throws(() => new opsign.GossipValidator({ topic: "v4", chainId: 10 }), stopped);
    hasher.free();
    validator.free();
    await opsign.init();
    assert.throws(() => opsign.verifyPayload({}), stopped);
    // The other one has memory of its own.
    assert.throws(() => typedData.typedDataHash("{}"), { code: "typed_data_domain" });`));

test("after a trap in typed data no more of it is hashed", () =>
  run(`
    import binaryen from "binaryen";
    const typedData = await import("opsign/typed-data");
    await typedData.init(trapping(binaryen, typedDataFile, "typedDataHash"));
    const signed = { json: "{}", signature: new Uint8Array(65) };
    assert.throws(() => typedData.typedDataSigner(signed), { code: "typed_data_domain" });
    const stopped = { name: "OpsignError", code: "internal", number: 9 };
    assert.throws(() => typedData.typedDataHash("{}"), stopped);
    assert.throws(() => typedData.typedDataSigner(signed), stopped);
    await typedData.init();
    assert.throws(() => typedData.typedDataHash("{}"), stopped);
    const opsign = await import("opsign");
    await opsign.init();
    works(opsign);`));
