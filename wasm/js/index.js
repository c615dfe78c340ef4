// Checks types, splits payloads and keeps the order of calls; what is true of a signature is
// decided in Rust (wasm/src/lib.rs). index.d.ts documents every export.
import { OpsignError } from "./error.js";
import { errors, version } from "./pkg/constants.js";
import load, * as wasm from "./pkg/opsign.js";

export { OpsignError, errors, version };

let ready = false;
let broken = false;
let loading;

export function init(source) {
  loading ??= start(source).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

export function payloadHash(payload) {
  mustBeReady();
  const pieces = piecesOf(payload);
  return enter(() => hash(pieces));
}

export function payloadSigningHash(chainId, payloadHash) {
  mustBeReady();
  const chain = chainIdText(chainId);
  const given = bytesOrText("payloadHash", payloadHash);
  return enter(() => wasm.payloadSigningHash(chain, given(wasm.parsePayloadHash)));
}

export function verifyPayload(options) {
  mustBeReady();
  const { chain, hashed, signature, consensus } = blockOf("verifyPayload", options);
  const address = bytesOrText("address", options.address);
  return enter(() =>
    wasm.verifyPayload(
      chain,
      hashed(),
      signature(wasm.parseSignature),
      consensus,
      address(wasm.parseAddress),
    ),
  );
}

export function recoverSigner(options) {
  mustBeReady();
  const { chain, hashed, signature, consensus } = blockOf("recoverSigner", options);
  return enter(() =>
    wasm.recoverSigner(chain, hashed(), signature(wasm.parseSignature), consensus),
  );
}

export class PayloadHasher {
  #hasher;

  constructor() {
    mustBeReady();
    this.#hasher = enter(() => new wasm.PayloadHasher());
  }

  update(piece) {
    this.#mustBeOpen();
    const bytes = bytesOf("piece", piece);
    enter(() => feed(this.#hasher, bytes));
  }

  finish() {
    this.#mustBeOpen();
    const hasher = this.#hasher;
    this.#hasher = undefined;
    return enter(() => hasher.finish());
  }

  free() {
    const hasher = this.#hasher;
    this.#hasher = undefined;
    if (hasher !== undefined && !broken) enter(() => hasher.free());
  }

  #mustBeOpen() {
    mustBeReady();
    if (this.#hasher === undefined) {
      throw failure("closed", "this PayloadHasher was finished or freed: make a new one");
    }
  }
}

// Loading.

async function start(source) {
  try {
    const given = await source;
    const module = await compile(given === undefined ? defaultSource() : given);
    // The names of the imports hold a hash of the version, so another version cannot be linked.
    if (!WebAssembly.Module.imports(module).some(({ module }) => module === "./opsign_bg.js")) {
      throw new TypeError("this is not opsign_bg.wasm");
    }
    await load({ module_or_path: module });
  } catch (cause) {
    if (cause instanceof OpsignError) throw cause;
    throw failure("not_initialised", `init() failed: ${cause?.message ?? cause}`, cause);
  }
  ready = true;
}

// Written so that bundlers see the file and bring it along.
function defaultSource() {
  return new URL("./pkg/opsign_bg.wasm", import.meta.url);
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

// Calls.

function mustBeReady() {
  if (broken) {
    throw failure("internal", "opsign met a bug in itself before and stopped: reload the page");
  }
  if (!ready) {
    throw failure("not_initialised", "init() must finish before the first call: await init()");
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

// Memory that WebAssembly has taken it keeps, so that payloads pass through in pieces.
const PIECE = 1 << 16;

function hash(pieces) {
  const hasher = new wasm.PayloadHasher();
  for (const piece of pieces) feed(hasher, piece);
  return hasher.finish();
}

function feed(hasher, bytes) {
  for (let at = 0; at < bytes.length; at += PIECE) hasher.update(bytes.subarray(at, at + PIECE));
}

// Arguments.

function blockOf(name, options) {
  if (typeof options !== "object" || options === null) {
    throw wrongType("options", "an object", options);
  }
  const { payload, payloadHash, chainId, signature, rules } = options;
  if ((payload === undefined) === (payloadHash === undefined)) {
    throw failure("wrong_type", `${name} takes either payload or payloadHash`);
  }
  if (rules !== undefined && rules !== "strict" && rules !== "consensus") {
    throw wrongType("rules", '"strict" or "consensus"', rules);
  }
  const chain = chainIdText(chainId);
  let hashed;
  if (payload === undefined) {
    const given = bytesOrText("payloadHash", payloadHash);
    hashed = () => given(wasm.parsePayloadHash);
  } else {
    const pieces = piecesOf(payload);
    hashed = () => hash(pieces);
  }
  const consensus = rules === "consensus";
  return { chain, hashed, signature: bytesOrText("signature", signature), consensus };
}

function piecesOf(payload) {
  if (!Array.isArray(payload)) {
    return [bytesOf("payload", payload, "a Uint8Array or an array of them")];
  }
  return Array.from(payload, (piece, index) => bytesOf(`payload[${index}]`, piece));
}

function chainIdText(chainId) {
  switch (typeof chainId) {
    case "string":
      return limited("chainId", chainId);
    case "bigint":
      // 65 digits are too many, and say so as well as a million would.
      if (chainId >= 0n) return `0x${chainId.toString(16).slice(0, 65)}`;
      break;
    case "number":
      if (Number.isSafeInteger(chainId) && chainId >= 0) return String(chainId);
  }
  throw wrongType("chainId", "a bigint, a string or a whole number from 0 to 2^53 - 1", chainId);
}

// Bytes as they are, or text for Rust to parse: a function that takes the parser and gives bytes.
function bytesOrText(name, value) {
  if (typeof value === "string") {
    limited(name, value);
    return (parse) => parse(value);
  }
  const bytes = limited(name, bytesOf(name, value, "a Uint8Array or a string"));
  return () => bytes;
}

// What is far too long for its kind is not copied into WebAssembly only to be refused there.
function limited(name, value) {
  if (value.length <= PIECE) return value;
  throw failure("too_long", `${name} is far too long: ${value.length} bytes or characters`);
}

// Getters of the language itself, which no subclass or own property can replace.
const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
const getter = (object, key) => {
  const { get } = Object.getOwnPropertyDescriptor(object, key);
  return (value) => get.call(value);
};
const typedArrayTag = getter(typedArray, Symbol.toStringTag);
const bufferOf = getter(typedArray, "buffer");
const offsetOf = getter(typedArray, "byteOffset");
const lengthOf = getter(typedArray, "byteLength");
const unsharedLength = getter(ArrayBuffer.prototype, "byteLength");

// A plain view of the same bytes, safe to hand to the glue.
function bytesOf(name, value, wanted = "a Uint8Array") {
  if (typedArrayTag(value) !== "Uint8Array") throw wrongType(name, wanted, value);
  const buffer = bufferOf(value);
  try {
    unsharedLength(buffer);
  } catch {
    throw failure(
      "wrong_type",
      `${name} lies in a SharedArrayBuffer, which may change while it is checked: pass a copy`,
    );
  }
  try {
    typedArray.keys.call(value);
  } catch {
    throw failure("wrong_type", `${name} is detached: its bytes were transferred elsewhere`);
  }
  return new Uint8Array(buffer, offsetOf(value), lengthOf(value));
}

function tagOf(value) {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function wrongType(name, wanted, value) {
  return failure("wrong_type", `${name} must be ${wanted}, not ${shown(value)}`);
}

function shown(value) {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 30));
  const plain = Object(value) !== value && typeof value !== "symbol";
  return plain ? String(value).slice(0, 30) : tagOf(value);
}

function failure(code, message, cause) {
  const { number } = errors.find((error) => error.code === code);
  return new OpsignError(code, number, message, cause === undefined ? undefined : { cause });
}
