// Looks at arguments: what they are, never what is true of them. Every wrong one is named.
import { OpsignError } from "./error.js";
import { errors } from "./pkg/constants.js";

// Longest pieces in which payloads pass into WebAssembly.
export const PIECE = 1 << 16;

// A gossip message of more bytes cannot decompress to 10 MiB: an element of six bytes writes one.
const MOST = 64 << 20;

export function piecesOf(payload) {
  if (!Array.isArray(payload)) {
    return [bytesOf("payload", payload, "a Uint8Array or an array of them")];
  }
  return Array.from(payload, (piece, index) => bytesOf(`payload[${index}]`, piece));
}

export function chainIdText(chainId) {
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
export function bytesOrText(name, value) {
  if (typeof value === "string") {
    limited(name, value);
    return (parse) => parse(value);
  }
  const bytes = limited(name, bytesOf(name, value, "a Uint8Array or a string"));
  return () => bytes;
}

export function optionsOf(value) {
  if (typeof value !== "object" || value === null) throw wrongType("options", "an object", value);
  return value;
}

export function rulesOf({ rules }) {
  if (rules !== undefined && rules !== "strict" && rules !== "consensus") {
    throw wrongType("rules", '"strict" or "consensus"', rules);
  }
  return rules === "consensus";
}

export function topicText(topic) {
  if (typeof topic === "string") return limited("topic", topic);
  throw wrongType("topic", '"v1", "v2", "v3" or "v4"', topic);
}

// Bytes that go into WebAssembly in one piece.
export function wholeBytes(name, value, wanted) {
  const bytes = bytesOf(name, value, wanted);
  if (bytes.length <= MOST) return bytes;
  throw failure("too_long", `${name} is far too long: ${bytes.length} bytes`);
}

// A message for people, or JSON: text in UTF-8, or bytes as they are.
export function textBytes(name, text, wanted = "a string or a Uint8Array") {
  if (typeof text !== "string") return wholeBytes(name, text, wanted);
  if (/\p{Surrogate}/u.test(text)) {
    throw failure("wrong_type", `${name} has half a surrogate pair, which UTF-8 cannot hold`);
  }
  if (text.length > MOST) {
    throw failure("too_long", `${name} is far too long: ${text.length} characters`);
  }
  return new TextEncoder().encode(text);
}

// JSON is hashed as it was written: JavaScript would round its numbers.
export function jsonBytes(json) {
  return textBytes("json", json, "JSON text, a string or a Uint8Array");
}

// A number of 64 bits.
export function u64Of(name, value) {
  const whole = typeof value === "bigint" || Number.isSafeInteger(value);
  if (whole && value >= 0 && value < 2n ** 64n) return BigInt(value);
  throw wrongType(name, "a whole number from 0 to 2^53 - 1, or a bigint below 2^64", value);
}

export function byteOf(name, value) {
  if (Number.isInteger(value) && value >= 0 && value < 256) return value;
  throw wrongType(name, "a whole number from 0 to 255", value);
}

// 32 bytes of a signature: as they are, as 64 hex digits after 0x, or as the number they stand for.
export function scalarOf(name, value) {
  let text = value;
  if (typeof value === "bigint" && value >= 0n && value < 2n ** 256n) {
    text = `0x${value.toString(16).padStart(64, "0")}`;
  }
  if (typeof text === "string") {
    if (/^0x[\da-f]{64}$/i.test(text)) {
      return Uint8Array.from({ length: 32 }, (_, at) =>
        Number.parseInt(text.slice(2 + 2 * at, 4 + 2 * at), 16),
      );
    }
  } else if (typedArrayTag(value) === "Uint8Array") {
    const bytes = bytesOf(name, value);
    if (bytes.length === 32) return bytes;
  }
  throw wrongType(name, "32 bytes, 64 hex digits after 0x, or a bigint below 2^256", value);
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
export function bytesOf(name, value, wanted = "a Uint8Array") {
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

export function tagOf(value) {
  return Object.prototype.toString.call(value).slice(8, -1);
}

export function wrongType(name, wanted, value) {
  return failure("wrong_type", `${name} must be ${wanted}, not ${shown(value)}`);
}

function shown(value) {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 30));
  const plain = Object(value) !== value && typeof value !== "symbol";
  return plain ? String(value).slice(0, 30) : tagOf(value);
}

export function failure(code, message, cause) {
  const { number } = errors.find((error) => error.code === code);
  return new OpsignError(code, number, message, cause === undefined ? undefined : { cause });
}
