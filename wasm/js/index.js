// Splits payloads and keeps the order of calls; arguments.js checks types; what is true of a
// signature is decided in Rust (wasm/src). index.d.ts documents every export.
import {
  PIECE,
  byteOf,
  bytesOf,
  bytesOrText,
  chainIdText,
  failure,
  optionsOf,
  piecesOf,
  rulesOf,
  scalarOf,
  textBytes,
  topicText,
  u64Of,
  wholeBytes,
  wrongType,
} from "./arguments.js";
import { OpsignError } from "./error.js";
import { moduleOf } from "./module.js";
import { errors, gossipReasons, version } from "./pkg/constants.js";
import load, * as wasm from "./pkg/opsign.js";

export { OpsignError, errors, gossipReasons, init, version };

const { init, enter, mustBeReady, isBroken } = moduleOf({
  entry: "opsign",
  file: "opsign_bg",
  load,
  // Written so that bundlers see the file and bring it along.
  source: () => new URL("./pkg/opsign_bg.wasm", import.meta.url),
});

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

export function verifyMany(options) {
  mustBeReady();
  const { chainId, signed } = optionsOf(options);
  const consensus = rulesOf(options);
  const chain = chainIdText(chainId);
  const address = bytesOrText("address", options.address);
  if (!Array.isArray(signed)) throw wrongType("signed", "an array", signed);
  const items = Array.from(signed, (item, index) => signedOf(`signed[${index}]`, item));
  const verifier = enter(() => new wasm.Verifier(chain, consensus, address(wasm.parseAddress)));
  const verdicts = items.map(({ hashed, signature }) => {
    try {
      const valid = enter(() => verifier.verify(hashed(), signature(wasm.parseSignature)));
      return { valid, error: null };
    } catch (error) {
      if (isBroken()) throw error;
      return { valid: false, error };
    }
  });
  verifier.free();
  return verdicts;
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
    if (hasher !== undefined && !isBroken()) enter(() => hasher.free());
  }

  #mustBeOpen() {
    mustBeReady();
    if (this.#hasher === undefined) {
      throw failure("closed", "this PayloadHasher was finished or freed: make a new one");
    }
  }
}

// Transactions.

export function decodeTransaction(transaction) {
  mustBeReady();
  const bytes = wholeBytes("transaction", transaction);
  return enter(() => wasm.decodeTransaction(bytes));
}

export function transactionHash(transaction) {
  mustBeReady();
  const bytes = wholeBytes("transaction", transaction);
  return enter(() => wasm.transactionHash(bytes));
}

export function transactionSender(transaction) {
  mustBeReady();
  const bytes = wholeBytes("transaction", transaction);
  return enter(() => wasm.transactionSender(bytes));
}

export function authorizationHash(authorization) {
  mustBeReady();
  const { chain, address, nonce } = authorizationOf(authorization);
  return enter(() => wasm.authorizationHash(chain, address(wasm.parseAddress), nonce));
}

export function authorizationSigner(authorization) {
  mustBeReady();
  const { chain, address, nonce } = authorizationOf(authorization);
  const yParity = byteOf("yParity", authorization.yParity);
  const rs = new Uint8Array(64);
  rs.set(scalarOf("r", authorization.r));
  rs.set(scalarOf("s", authorization.s), 32);
  return enter(() =>
    wasm.authorizationSigner(chain, address(wasm.parseAddress), nonce, yParity, rs),
  );
}

// Messages, and signatures over a hash that is already made.

export function personalMessageHash(message) {
  mustBeReady();
  const bytes = textBytes("message", message);
  return enter(() => wasm.personalMessageHash(bytes));
}

export function personalMessageSigner(options) {
  mustBeReady();
  const message = textBytes("message", optionsOf(options).message);
  const signature = bytesOrText("signature", options.signature);
  const consensus = rulesOf(options);
  return enter(() =>
    wasm.personalMessageSigner(message, signature(wasm.parseSignature), consensus),
  );
}

export function recoverSigningHash(options) {
  mustBeReady();
  const signingHash = bytesOrText("signingHash", optionsOf(options).signingHash);
  const signature = bytesOrText("signature", options.signature);
  const consensus = rulesOf(options);
  return enter(() =>
    wasm.recoverSigningHash(
      signingHash(wasm.parseSigningHash),
      signature(wasm.parseSignature),
      consensus,
    ),
  );
}

// Gossip.

export function decodeGossip(options) {
  mustBeReady();
  const { topic, message, transactions } = optionsOf(options);
  const text = topicText(topic);
  const bytes = wholeBytes("message", message);
  if (transactions !== undefined && transactions !== "bytes" && transactions !== "hashes") {
    throw wrongType("transactions", '"bytes" or "hashes"', transactions);
  }
  return enter(() => wasm.decodeGossip(text, bytes, transactions === "hashes"));
}

export function l1InfoFromTransaction(transaction) {
  mustBeReady();
  const bytes = wholeBytes("transaction", transaction);
  return enter(() => wasm.l1InfoFromTransaction(bytes));
}

export class GossipValidator {
  #validator;
  #topic;

  constructor(options) {
    mustBeReady();
    const { topic, chainId, signer, previousSigner, jovianTime, maxAge } = optionsOf(options);
    this.#topic = topicText(topic);
    const chain = chainIdText(chainId);
    const addresses = [signerOf("signer", signer), signerOf("previousSigner", previousSigner)];
    const jovian = jovianTime == null ? undefined : u64Of("jovianTime", jovianTime);
    const age = maxAge === undefined ? 60n : u64Of("maxAge", maxAge);
    const validator = enter(() => new wasm.GossipValidator(this.#topic, chain, jovian, age));
    try {
      enter(() => validator.setSigner(addresses[0](wasm.parseAddress)));
      enter(() => validator.setPreviousSigner(addresses[1](wasm.parseAddress)));
    } catch (error) {
      if (!isBroken()) validator.free();
      throw error;
    }
    this.#validator = validator;
  }

  validate(now, message) {
    this.#mustBeOpen();
    const seconds = u64Of("now", now);
    const bytes = wholeBytes("message", message);
    const judgement = enter(() => this.#validator.validate(seconds, bytes));
    judgement.rules = rulesUpTo(judgement.reason.name, this.#topic);
    return judgement;
  }

  setSigner(address) {
    this.#mustBeOpen();
    const given = signerOf("signer", address);
    enter(() => this.#validator.setSigner(given(wasm.parseAddress)));
  }

  setPreviousSigner(address) {
    this.#mustBeOpen();
    const given = signerOf("previousSigner", address);
    enter(() => this.#validator.setPreviousSigner(given(wasm.parseAddress)));
  }

  free() {
    const validator = this.#validator;
    this.#validator = undefined;
    if (validator !== undefined && !isBroken()) enter(() => validator.free());
  }

  #mustBeOpen() {
    mustBeReady();
    if (this.#validator === undefined) {
      throw failure("closed", "this GossipValidator was freed: make a new one");
    }
  }
}

// Calls.

// Memory that WebAssembly has taken it keeps, so that payloads pass through in pieces.
function hash(pieces) {
  const hasher = new wasm.PayloadHasher();
  for (const piece of pieces) feed(hasher, piece);
  return hasher.finish();
}

function feed(hasher, bytes) {
  for (let at = 0; at < bytes.length; at += PIECE) hasher.update(bytes.subarray(at, at + PIECE));
}

// What several calls take.

function blockOf(name, options) {
  const consensus = rulesOf(optionsOf(options));
  const chain = chainIdText(options.chainId);
  return { chain, consensus, ...signedOf(name, options) };
}

// A payload or its hash, and a signature.
function signedOf(name, signed) {
  if (typeof signed !== "object" || signed === null) throw wrongType(name, "an object", signed);
  const { payload, payloadHash, signature } = signed;
  if ((payload === undefined) === (payloadHash === undefined)) {
    throw failure("wrong_type", `${name} takes either payload or payloadHash`);
  }
  let hashed;
  if (payload === undefined) {
    const given = bytesOrText("payloadHash", payloadHash);
    hashed = () => given(wasm.parsePayloadHash);
  } else {
    const pieces = piecesOf(payload);
    hashed = () => hash(pieces);
  }
  return { hashed, signature: bytesOrText("signature", signature) };
}

function authorizationOf(authorization) {
  if (typeof authorization !== "object" || authorization === null) {
    throw wrongType("authorization", "an object", authorization);
  }
  return {
    chain: chainIdText(authorization.chainId),
    address: bytesOrText("address", authorization.address),
    nonce: u64Of("nonce", authorization.nonce),
  };
}

// Nobody, or an address.
function signerOf(name, address) {
  return address == null ? () => new Uint8Array() : bytesOrText(name, address);
}

// The rules are applied in order, and the first that objects decides.
function rulesUpTo(reason, topic) {
  const rules = gossipReasons.filter(({ verdict }) => verdict !== "accept");
  const decided = rules.findIndex(({ name }) => name === reason);
  return rules.map(({ number, name, message, topics }, index) => {
    if (!topics.includes(topic)) return { number, name, message, outcome: "not_applicable" };
    const reached = decided < 0 || index < decided;
    const outcome = index === decided ? "failed" : reached ? "passed" : "not_reached";
    return { number, name, message, outcome };
  });
}
