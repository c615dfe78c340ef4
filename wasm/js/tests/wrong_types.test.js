// Every argument of every function, given everything that it is not.
import assert from "node:assert/strict";
import { before, test } from "node:test";

import * as opsign from "opsign";
import * as typedData from "opsign/typed-data";

const block = {
  chainId: 10,
  payloadHash: new Uint8Array(32),
  signature: `0x${"11".repeat(64)}00`,
};
const address = "0x4200000000000000000000000000000000000016";

const nothings = { null: null, undefined: undefined };
const strangers = {
  "{}": {},
  "a boolean": true,
  "a symbol": Symbol("symbol"),
  "a function": () => new Uint8Array(32),
  "a date": new Date(0),
  "a promise": Promise.resolve(new Uint8Array(32)),
};
const numbers = { NaN, Infinity, "-1": -1, 1.5: 1.5, "2^53": 2 ** 53, "-1n": -1n };
const notBytes = {
  "an ArrayBuffer": new ArrayBuffer(32),
  "a SharedArrayBuffer": new SharedArrayBuffer(32),
  "a DataView": new DataView(new ArrayBuffer(32)),
  "an Int8Array": new Int8Array(32),
  "a Uint8ClampedArray": new Uint8ClampedArray(32),
  "an array of numbers": [1, 2, 3],
  "an object like an array": { length: 1, 0: 1 },
  "an object with the prototype": Object.create(Uint8Array.prototype),
  "a proxy": new Proxy(new Uint8Array(32), {}),
};
const unsafeBytes = {
  "shared bytes": new Uint8Array(new SharedArrayBuffer(32)),
  "detached bytes": detached(),
  "bytes out of bounds": outOfBounds(),
};

function detached() {
  const bytes = new Uint8Array(32);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}

function outOfBounds() {
  const buffer = new ArrayBuffer(64, { maxByteLength: 64 });
  const bytes = new Uint8Array(buffer, 32, 32);
  buffer.resize(16);
  return bytes;
}

// What is no bytes, and for arguments that may be missing, is there.
const present = {
  ...strangers,
  ...numbers,
  ...notBytes,
  ...unsafeBytes,
  null: null,
  0: 0,
  "0n": 0n,
};
const noBytes = { ...present, undefined: undefined };
const noText = { "": "", "a string": "0x00" };
const pieces = Object.fromEntries(
  Object.entries({ ...noBytes, ...noText }).map(([name, value]) => [`[${name}]`, [value]]),
);
const noChainId = {
  ...strangers,
  ...numbers,
  ...notBytes,
  ...nothings,
  bytes: new Uint8Array(32),
  "an object that prints as a number": { toString: () => "10", valueOf: () => 10 },
};
const noRules = { ...strangers, ...numbers, null: null, "": "", Strict: "Strict", low: "low-s" };

const table = [
  ["payload", (value) => opsign.payloadHash(value), { ...noBytes, ...noText }],
  ["payload[0]", (value) => opsign.payloadHash(value), pieces],
  ["payload[1]", () => opsign.payloadHash([new Uint8Array(1), , new Uint8Array(1)]), { hole: 0 }],
  ["chainId", (value) => opsign.payloadSigningHash(value, block.payloadHash), noChainId],
  ["payloadHash", (value) => opsign.payloadSigningHash(10, value), noBytes],
  ["piece", (value) => new opsign.PayloadHasher().update(value), { ...noBytes, ...noText }],
];
for (const call of [opsign.verifyPayload, opsign.recoverSigner]) {
  const { payloadHash, ...rest } = block;
  const noOptions = { ...nothings, "a string": "", "a number": 1, "a boolean": true };
  table.push(
    ["options", (value) => call(value), noOptions],
    ["payload", (value) => call({ ...rest, address, payload: value }), { ...present, ...noText }],
    ["payloadHash", (value) => call({ ...rest, address, payloadHash: value }), present],
    ["chainId", (value) => call({ ...block, address, chainId: value }), noChainId],
    ["signature", (value) => call({ ...block, address, signature: value }), noBytes],
    ["rules", (value) => call({ ...block, address, rules: value }), noRules],
    ["payload or payloadHash", () => call({ ...rest, address }), { neither: 0 }],
    [
      "payload or payloadHash",
      () => call({ ...block, payload: new Uint8Array(1), address }),
      { both: 0 },
    ],
  );
}
table.push(["address", (value) => opsign.verifyPayload({ ...block, address: value }), noBytes]);

const many = { chainId: 10, address, signed: [block, block] };
const item = (change) => ({ ...many, signed: [block, { ...block, ...change }] });
table.push(
  ["options", (value) => opsign.verifyMany(value), { ...nothings, "a string": "", "a number": 1 }],
  ["chainId", (chainId) => opsign.verifyMany({ ...many, chainId }), noChainId],
  ["address", (value) => opsign.verifyMany({ ...many, address: value }), noBytes],
  ["rules", (rules) => opsign.verifyMany({ ...many, rules }), noRules],
  ["signed", (signed) => opsign.verifyMany({ ...many, signed }), { ...noBytes, ...noText, "[]": {} }],
  ["signed[0]", (value) => opsign.verifyMany({ ...many, signed: [value] }), { ...nothings, "": "" }],
  ["signature", (signature) => opsign.verifyMany(item({ signature })), noBytes],
  ["payloadHash", (payloadHash) => opsign.verifyMany(item({ payloadHash })), present],
  ["signed[1] takes either", () => opsign.verifyMany(item({ payload: [] })), { both: 0 }],
);

const noObject = { ...nothings, "a string": "", "a number": 1, "a boolean": true };
const noU64 = { ...strangers, ...numbers, ...notBytes, ...nothings, "2^64": 2n ** 64n, text: "10" };
const noMessage = { ...noBytes, "half a pair": "\ud800" };
const bytes = new Uint8Array(1);
for (const call of [
  opsign.decodeTransaction,
  opsign.transactionHash,
  opsign.transactionSender,
  opsign.l1InfoFromTransaction,
]) {
  table.push(["transaction", (value) => call(value), { ...noBytes, ...noText }]);
}

const scalar = "0x".padEnd(66, "11");
const authorization = { chainId: 10, address, nonce: 0, yParity: 0, r: scalar, s: scalar };
const noScalar = {
  ...noBytes,
  "": "",
  "63 digits": scalar.slice(0, -1),
  "no 0x": scalar.slice(2),
  "no hex": scalar.replace(/1$/, "g"),
  "31 bytes": new Uint8Array(31),
  "2^256": 2n ** 256n,
};
delete noScalar["0n"];
for (const call of [opsign.authorizationHash, opsign.authorizationSigner]) {
  const change = (name) => (value) => call({ ...authorization, [name]: value });
  table.push(
    ["authorization", (value) => call(value), noObject],
    ["chainId", change("chainId"), noChainId],
    ["address", change("address"), noBytes],
    ["nonce", change("nonce"), noU64],
  );
  if (call === opsign.authorizationHash) continue;
  const noByte = { ...noU64, 256: 256, "0n": 0n };
  table.push(
    ["yParity", change("yParity"), noByte],
    ["r", change("r"), noScalar],
    ["s", change("s"), noScalar],
  );
}

const { signature } = block;
table.push(
  ["message", (value) => opsign.personalMessageHash(value), noMessage],
  ["options", (value) => opsign.personalMessageSigner(value), noObject],
  ["message", (message) => opsign.personalMessageSigner({ message, signature }), noMessage],
  [
    "signature",
    (value) => opsign.personalMessageSigner({ message: "", signature: value }),
    noBytes,
  ],
  ["rules", (rules) => opsign.personalMessageSigner({ message: "", signature, rules }), noRules],
  ["json", (value) => typedData.typedDataHash(value), noMessage],
  ["options", (value) => typedData.typedDataSigner(value), noObject],
  ["json", (json) => typedData.typedDataSigner({ json, signature }), noMessage],
  ["signature", (value) => typedData.typedDataSigner({ json: "", signature: value }), noBytes],
  ["rules", (rules) => typedData.typedDataSigner({ json: "", signature, rules }), noRules],
  ["options", (value) => opsign.recoverSigningHash(value), noObject],
  ["signingHash", (value) => opsign.recoverSigningHash({ signingHash: value, signature }), noBytes],
  [
    "signature",
    (value) => opsign.recoverSigningHash({ signingHash: scalar, signature: value }),
    noBytes,
  ],
  [
    "rules",
    (rules) => opsign.recoverSigningHash({ signingHash: scalar, signature, rules }),
    noRules,
  ],
);

const noTopic = { ...strangers, ...numbers, ...notBytes, ...nothings, 4: 4 };
const noChoice = { ...noRules, all: "all" };
const orNobody = ({ undefined: _, null: __, ...values }) => values;
const config = { topic: "v4", chainId: 10 };
const changed = (name) => (value) => new opsign.GossipValidator({ ...config, [name]: value });
const validate = (now, message) => new opsign.GossipValidator(config).validate(now, message);
table.push(
  ["options", (value) => opsign.decodeGossip(value), noObject],
  ["topic", (topic) => opsign.decodeGossip({ topic, message: bytes }), noTopic],
  [
    "message",
    (message) => opsign.decodeGossip({ topic: "v4", message }),
    { ...noBytes, ...noText },
  ],
  [
    "transactions",
    (value) => opsign.decodeGossip({ topic: "v4", message: bytes, transactions: value }),
    noChoice,
  ],
  ["options", (value) => new opsign.GossipValidator(value), noObject],
  ["topic", changed("topic"), noTopic],
  ["chainId", changed("chainId"), noChainId],
  ["signer", changed("signer"), orNobody(noBytes)],
  ["previousSigner", changed("previousSigner"), orNobody(noBytes)],
  ["jovianTime", changed("jovianTime"), orNobody(noU64)],
  ["maxAge", changed("maxAge"), { ...orNobody(noU64), null: null }],
  ["now", (now) => validate(now, bytes), noU64],
  ["message", (message) => validate(0, message), { ...noBytes, ...noText }],
  ["signer", (value) => new opsign.GossipValidator(config).setSigner(value), orNobody(noBytes)],
  [
    "previousSigner",
    (value) => new opsign.GossipValidator(config).setPreviousSigner(value),
    orNobody(noBytes),
  ],
);

before(() => Promise.all([opsign.init(), typedData.init()]));

test("wrong types are named", (t) => {
  let ran = 0;
  for (const [argument, call, values] of table) {
    for (const [name, value] of Object.entries(values)) {
      assert.throws(
        () => call(value),
        (error) => {
          assert(error instanceof opsign.OpsignError, `${error}`);
          assert.equal(error.code, "wrong_type", error.message);
          assert.equal(error.number, 4);
          assert(error.message.includes(argument), `${error.message}: no word of ${argument}`);
          return true;
        },
        `${argument}: ${name}`,
      );
      ran++;
    }
  }
  assert(ran > 1000);
  t.diagnostic(`cases: ${ran} arguments`);
});

test("right types with wrong values have errors of their own", () => {
  const cases = [
    ["chain_id_too_large", { chainId: 2n ** 256n }],
    ["chain_id_too_large", { chainId: 2n ** 300_000n }],
    ["chain_id_too_large", { chainId: `${2n ** 256n}` }],
    ["chain_id_digit", { chainId: "-1" }],
    ["chain_id_digit", { chainId: "1.5" }],
    ["chain_id_digit", { chainId: "1e3" }],
    ["chain_id_digit", { chainId: " 10" }],
    ["chain_id_digit", { chainId: "0b1" }],
    ["chain_id_digit", { chainId: "\u{1d7d8}" }],
    ["empty", { chainId: "" }],
    ["empty", { chainId: "0x" }],
    ["too_long", { chainId: "0".repeat(1e6) }],
    ["empty", { payloadHash: "" }],
    ["empty", { payloadHash: new Uint8Array() }],
    ["too_short", { payloadHash: new Uint8Array(31) }],
    ["too_long", { payloadHash: new Uint8Array(33) }],
    ["hex_odd_length", { payloadHash: "0x123" }],
    ["hex_digit", { payloadHash: "\ud800".repeat(64) }],
    ["too_long", { signature: new Uint8Array(1e8) }],
    ["too_long", { signature: "0".repeat(1e8) }],
    ["signature_r_zero", { signature: new Uint8Array(65) }],
    ["hex_prefix", { address: "4200000000000000000000000000000000000016" }],
    ["too_short", { address: new Uint8Array(19) }],
    ["too_long", { address: new Uint8Array(32) }],
    ["empty", { address: new Uint8Array() }],
  ];
  for (const [code, change] of cases) {
    const options = { ...block, address, ...change };
    assert.throws(() => opsign.verifyPayload(options), { code }, `${Object.keys(change)}: ${code}`);
    const { chainId, address: signer, payloadHash, signature } = options;
    const check = () =>
      opsign.verifyMany({ chainId, address: signer, signed: [{ payloadHash, signature }] });
    // What is far too long is not even looked at.
    const thrown = "chainId" in change || "address" in change || change.signature?.length > 65;
    if (thrown) assert.throws(check, { code }, `many, ${Object.keys(change)}: ${code}`);
    else assert.equal(check()[0].error.code, code);
  }
});

test("right types with wrong values: gossip, transactions, messages", () => {
  const long = new Uint8Array((64 << 20) + 1);
  const validator = new opsign.GossipValidator(config);
  const recover = (change) => opsign.personalMessageSigner({ message: "", signature, ...change });
  const cases = [
    ["too_long", () => opsign.decodeTransaction(long)],
    ["too_long", () => opsign.decodeGossip({ topic: "v4", message: long })],
    ["too_long", () => validator.validate(0, long)],
    ["too_long", () => opsign.personalMessageHash(long)],
    ["too_long", () => opsign.personalMessageHash("a".repeat(long.length))],
    ["too_long", () => typedData.typedDataHash(long)],
    ["too_long", () => typedData.typedDataHash(" ".repeat(long.length))],
    ["typed_data_too_long", () => typedData.typedDataHash(" ".repeat((1 << 20) + 1))],
    ["typed_data_json", () => typedData.typedDataHash("")],
    ["typed_data_json", () => typedData.typedDataHash(new Uint8Array([0xff]))],
    ["typed_data_too_deep", () => typedData.typedDataHash("[".repeat(129))],
    ["typed_data_too_many_types", () => typedData.typedDataHash(manyTypes(65))],
    ["typed_data_shape", () => typedData.typedDataHash("[]")],
    ["typed_data_domain", () => typedData.typedDataHash(manyTypes(64))],
    ["typed_data_mismatch", () => typedData.typedDataHash(login("true"))],
    ["typed_data_integer", () => typedData.typedDataHash(login('"one"'))],
    ["typed_data_integer", () => typedData.typedDataHash(login("1.797693134862315808e308"))],
    ["typed_data_range", () => typedData.typedDataHash(login("-1"))],
    ["too_short", () => typedData.typedDataSigner({ json: login("1"), signature: "0x00" })],
    [
      "signature_y_parity",
      () => typedData.typedDataSigner({ json: login("1"), signature: `0x${"11".repeat(64)}1d` }),
    ],
    ["empty", () => opsign.decodeTransaction(new Uint8Array())],
    ["transaction_type", () => opsign.decodeTransaction(new Uint8Array([5]))],
    ["rlp_truncated", () => opsign.l1InfoFromTransaction(new Uint8Array([0x7e]))],
    ["unknown_topic", () => opsign.decodeGossip({ topic: "v5", message: bytes })],
    ["unknown_topic", () => new opsign.GossipValidator({ ...config, topic: "V4" })],
    ["too_long", () => new opsign.GossipValidator({ ...config, topic: "v".repeat(1e6) })],
    ["chain_id_digit", () => new opsign.GossipValidator({ ...config, chainId: "ten" })],
    ["too_short", () => new opsign.GossipValidator({ ...config, signer: "0x00" })],
    ["too_short", () => new opsign.GossipValidator({ ...config, previousSigner: bytes })],
    ["too_short", () => validator.setSigner("0x12")],
    [
      "snappy_length_invalid",
      () => opsign.decodeGossip({ topic: "v4", message: new Uint8Array() }),
    ],
    ["message_too_small", () => opsign.decodeGossip({ topic: "v4", message: bytes })],
    ["too_short", () => recover({ signature: "0x00" })],
    ["signature_y_parity", () => recover({ signature: `0x${"11".repeat(64)}1d` })],
    ["too_short", () => opsign.recoverSigningHash({ signingHash: "0x00", signature })],
    ["too_long", () => opsign.recoverSigningHash({ signingHash: new Uint8Array(33), signature })],
    ["transaction_v", () => opsign.authorizationSigner({ ...authorization, yParity: 2 })],
    [
      "chain_id_too_large",
      () => opsign.authorizationHash({ ...authorization, chainId: 2n ** 256n }),
    ],
    [
      "hex_prefix",
      () => opsign.authorizationHash({ ...authorization, address: address.slice(2) }),
    ],
  ];
  for (const [code, call] of cases) assert.throws(call, { code }, `${call}`);
});

function manyTypes(count) {
  return JSON.stringify({
    types: Object.fromEntries(Array.from({ length: count }, (_, at) => [`T${at}`, []])),
  });
}

// Typed data with a number of 64 bits, or what stands in its place.
function login(nonce) {
  return `{
    "types": {
      "EIP712Domain": [{"name": "name", "type": "string"}],
      "Login": [{"name": "nonce", "type": "uint64"}]
    },
    "primaryType": "Login",
    "domain": {"name": "opsign"},
    "message": {"nonce": ${nonce}}
  }`;
}

test("a validator without a signer ignores, and is closed once", () => {
  const block = new Uint8Array(66).fill(0);
  // A snappy literal of 66 zero bytes.
  const message = new Uint8Array([66, 0xf0, 65, ...block]);
  for (const signer of [undefined, null, new Uint8Array(20), "0x".padEnd(42, "0")]) {
    const validator = new opsign.GossipValidator({ ...config, signer, maxAge: 2n ** 64n - 1n });
    const judgement = validator.validate(0n, message);
    assert.equal(judgement.verdict, "ignore");
    assert.equal(judgement.reason.name, "no_signer");
    assert.equal(judgement.signer, null);
    validator.setSigner(address);
    assert.equal(validator.validate(0, message).reason.name, "signature_not_recoverable");
    validator.free();
    validator.free();
    for (const call of [
      () => validator.validate(0, message),
      () => validator.setSigner(address),
      () => validator.setPreviousSigner(null),
    ]) {
      assert.throws(call, { code: "closed", number: 3 });
    }
  }
});

test("messages say what is wrong where", () => {
  assert.throws(() => typedData.typedDataHash({ types: {} }), /json must be JSON text.* not Object/);
  assert.throws(() => typedData.typedDataHash(login("-1")), /^OpsignError: message\.nonce: .*uint64$/);
  assert.throws(() => typedData.typedDataHash("{,"), /unexpected byte at position 1$/);
  const high = `0x${"11".repeat(32)}${"ee".repeat(32)}00`;
  const signed = (byte) => `0x${"11".repeat(64)}${byte}`;
  const verify = (change) => () => opsign.verifyPayload({ ...block, address, ...change });
  assert.throws(verify({ signature: signed("1b") }), /last byte is 27; op-node takes y_parity/);
  assert.throws(verify({ signature: high }), /s is in the upper half/);
  assert.throws(verify({ chainId: "10x" }), /no digit at position 2/);
  assert.throws(verify({ payloadHash: "0x12" }), /payload hash is too short: 1 byte/);
  assert.throws(verify({ chainId: -1 }), /chainId must be .* not -1/);
  assert.throws(verify({ chainId: -1n }), /chainId must be .* not -1/);
  assert.throws(verify({ address: null }), /address must be .* not null/);
  assert.throws(verify({ address: new ArrayBuffer(20) }), /address must be .* not ArrayBuffer/);
  assert.throws(verify({ rules: "low-s" }), /rules must be "strict" or .* not "low-s"/);
});

test("subclasses and other realms' arrays are read as what they are", async () => {
  const { runInNewContext } = await import("node:vm");
  const expected = opsign.payloadHash(new Uint8Array([1, 2, 3]));
  assert.deepEqual(opsign.payloadHash(Buffer.from([1, 2, 3])), new Uint8Array(expected));
  assert.deepEqual(opsign.payloadHash(runInNewContext("new Uint8Array([1, 2, 3])")), expected);
  assert.deepEqual(opsign.payloadHash(new Uint8Array([0, 1, 2, 3, 4]).subarray(1, 4)), expected);
  // One that lies about its length must not reach past the memory that was taken for it.
  const liar = Object.defineProperties(new Uint8Array([1, 2, 3]), {
    length: { value: 1 },
    byteLength: { value: 1 },
    subarray: { value: () => new Uint8Array(1e6) },
  });
  assert.deepEqual(opsign.payloadHash(liar), expected);
});

test("a hasher is closed once", () => {
  for (const end of ["finish", "free"]) {
    const hasher = new opsign.PayloadHasher();
    hasher.update(new Uint8Array(3));
    hasher[end]();
    hasher.free();
    hasher.free();
    for (const call of [() => hasher.update(new Uint8Array()), () => hasher.finish()]) {
      assert.throws(call, { code: "closed", number: 3 });
    }
  }
});

test("results are new arrays of their own", () => {
  const first = opsign.payloadHash(new Uint8Array());
  const second = opsign.payloadHash(new Uint8Array());
  assert.deepEqual(first, second);
  assert.notEqual(first.buffer, second.buffer);
  assert.equal(first.buffer.byteLength, 32);
});
