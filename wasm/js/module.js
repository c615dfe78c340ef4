// A WebAssembly module: loaded once, called until it traps.
import { failure, tagOf, wrongType } from "./arguments.js";
import { OpsignError } from "./error.js";

// entry: what is imported; file: the name of its files in pkg; load: what loads them; source: gives
// the URL that is loaded if init is given none.
export function moduleOf({ entry, file, load, source: defaultSource }) {
  let ready = false;
  let broken = false;
  let loading;

  function init(source) {
    loading ??= start(source).catch((error) => {
      loading = undefined;
      throw error;
    });
    return loading;
  }

  async function start(source) {
    try {
      const given = await source;
      const module = await compile(given === undefined ? defaultSource() : given);
      // The names of the imports hold a hash of the version, so another version cannot be linked.
      if (!WebAssembly.Module.imports(module).some(({ module }) => module === `./${file}.js`)) {
        throw new TypeError(`this is not ${file}.wasm`);
      }
      await load({ module_or_path: module });
    } catch (cause) {
      if (cause instanceof OpsignError) throw cause;
      throw failure("not_initialised", `init() failed: ${cause?.message ?? cause}`, cause);
    }
    ready = true;
  }

  function mustBeReady() {
    if (broken) {
      throw failure("internal", "opsign met a bug in itself before and stopped: reload the page");
    }
    if (!ready) {
      throw failure(
        "not_initialised",
        `init() of "${entry}" must finish before the first call: await init()`,
      );
    }
  }

  function enter(work) {
    try {
      return work();
    } catch (error) {
      if (error instanceof OpsignError) throw error;
      // A trap leaves the memory half-changed, so nothing may run in it any more.
      broken = true;
      throw failure("internal", `a bug in opsign: please report it (${error})`, error);
    }
  }

  return { init, enter, mustBeReady, isBroken: () => broken };
}

async function compile(source) {
  if (tagOf(source) === "WebAssembly.Module") return source;
  if (tagOf(source) === "ArrayBuffer") return WebAssembly.compile(source);
  if (ArrayBuffer.isView(source)) {
    // V8 does not take a DataView.
    const { buffer, byteOffset, byteLength } = source;
    return WebAssembly.compile(new Uint8Array(buffer, byteOffset, byteLength));
  }
  if (typeof source === "string" || tagOf(source) === "URL") {
    return compile(await read(urlOf(source)));
  }
  if (typeof source?.arrayBuffer !== "function") {
    throw wrongType("source", "bytes, a Response, a URL or a WebAssembly.Module", source);
  }
  if (source.ok === false) throw new Error(`${source.url} answered with status ${source.status}`);
  return WebAssembly.compile(await source.arrayBuffer());
}

function urlOf(source) {
  try {
    return new URL(source, globalThis.document?.baseURI ?? globalThis.location?.href);
  } catch {
    throw wrongType("source", "an absolute URL where there is no page to start from", source);
  }
}

function read(url) {
  // Not an import: browsers and bundlers have no business with Node's modules.
  const fs = globalThis.process?.getBuiltinModule?.("node:fs");
  return url.protocol === "file:" && fs !== undefined ? fs.promises.readFile(url) : fetch(url);
}
