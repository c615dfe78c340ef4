// The inputs that fuzzing starts from. A corpus is a text file here, a line of hex for an input,
// and a folder with a file for an input where libFuzzer works.
//
//   node fuzz/corpus.mjs names           every target that has a corpus, and inputs below
//   node fuzz/corpus.mjs unpack T DIR    writes the inputs of corpus/T.txt and says how many
//   node fuzz/corpus.mjs seeds T DIR     writes inputs made of vectors/ and says how many
//   node fuzz/corpus.mjs pack T DIR      writes corpus/T.txt: the shortest inputs of DIR
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dirname;
const LONGEST_SEED = 8192;
// What is kept of a corpus.
const LONGEST = 2048;
const MOST = 200;

const bytes = (hex) => Buffer.from(hex.replace(/^0x/, ""), "hex");
const cases = (file) => JSON.parse(readFileSync(join(here, "../vectors", file), "utf8")).cases;
const parts = (list) =>
  Buffer.concat((list ?? []).map(({ hex, repeat }) => Buffer.concat(Array(repeat).fill(bytes(hex)))));
const text = (...words) => words.filter((word) => typeof word === "string").map((word) => Buffer.from(word));

// Snappy's block format, of a sound message.
function decompress(message) {
  let [at, length] = [0, 0];
  for (let shift = 0; ; shift += 7) {
    if (at >= message.length) throw new Error("not a sound message");
    length += (message[at] & 0x7f) * 2 ** shift;
    if (message[at++] < 0x80) break;
  }
  const little = (size) => message.readUIntLE((at += size) - size, size);
  const out = [];
  if (length > 1 << 24) throw new Error("not a sound message");
  while (at < message.length) {
    const tag = message[at++];
    const high = tag >> 2;
    if ((tag & 3) === 0) {
      const size = (high < 60 ? high : little(high - 59)) + 1;
      out.push(...message.subarray(at, (at += size)));
      continue;
    }
    const [size, offset] =
      (tag & 3) === 1 ? [4 + (high & 7), ((tag & 0xe0) << 3) | little(1)] : [1 + high, little((tag & 3) === 2 ? 2 : 4)];
    if (offset === 0 || offset > out.length || out.length > length) throw new Error("not a sound message");
    for (let i = 0; i < size; i++) out.push(out[out.length - offset]);
  }
  if (out.length !== length) throw new Error("not a sound message");
  return Buffer.from(out);
}

const messages = () =>
  [...cases("gossip.json"), ...cases("gossip_rules.json"), ...cases("published_gossip.json")]
    .filter((one) => !one.message_repeat)
    .map((one) => {
      const message = bytes(one.message);
      let data;
      try {
        data = decompress(message);
      } catch {
        // One of the cases that do not decompress.
      }
      return { topic: Number(one.topic.slice(1)) - 1, message, data };
    });
const sound = () => messages().filter(({ data }) => data?.length > 65);

// See src/gossip.rs, question: how a message is made of the bytes.
const questions = () => [
  ...messages().map(({ topic, message }) => Buffer.from([topic | 4, 0, ...message])),
  ...sound().flatMap(({ topic, data }) => [
    Buffer.from([topic | 8, 0, ...data]),
    Buffer.from([topic, 0, ...data.subarray(65)]),
    Buffer.from([topic | 16, 0, ...data.subarray(65)]),
  ]),
];
const transactions = () => [
  ...cases("transactions.json").map((one) => parts(one.raw_parts)),
  ...cases("published_transactions.json").map((one) => bytes(one.raw)),
];
const signatures = () => [
  ...cases("recovery.json").map((one) => [bytes(one.signing_hash), bytes(one.signature)]),
  ...cases("wycheproof.json")
    .filter((_, at) => at % 8 === 0)
    .map((one) => [bytes(one.digest), Buffer.concat([bytes(one.rs), Buffer.from([one.recovery_id ?? 0])])]),
];
const signed = () => [
  ...cases("payload_signing.json").map((one) => [one.secret_key, one.signing_hash]),
  ...cases("secret_keys.json").map((one) => [one.secret_key, "11".repeat(32)]),
  ...cases("rfc6979.json").map((one) => [one.secret_key, one.digest]),
];
const keys = (...formats) =>
  cases("keys.json")
    .filter((one) => formats.includes(one.format ?? "none"))
    .map((one) => (one.input_hex === undefined ? Buffer.from(one.input) : bytes(one.input_hex)));
const texts = () => [
  ...cases("addresses.json").flatMap((one) => text(one.address)),
  ...cases("secret_keys.json").flatMap((one) => text(one.secret_key)),
  ...cases("recovery.json").flatMap((one) => text(one.chain_id, one.payload_hash, one.signature)),
  ...cases("authorizations.json").flatMap((one) => text(one.chain_id)),
  ...text("v1", "v4", "0xa", "0x" + "f".repeat(64), "1" + "0".repeat(77)),
];

// What the parity tests ask an op-signer, and the one argument of its calls.
const requests = (file) => cases(`opsigner/${file}.json`).map((one) => one.request);
const bodies = (...files) => files.flatMap(requests).flatMap(({ body }) => text(body));
const calls = (file) =>
  requests(file).flatMap(({ body }) => {
    try {
      const { method, params } = JSON.parse(body);
      const named = !Array.isArray(params);
      return [{ method, named, argument: Buffer.from(JSON.stringify(named ? params : params[0])) }];
    } catch {
      return [];
    }
  });
const packet = ({ raw, method, path, headers, body }) => {
  if (raw) return Buffer.from(raw.replaceAll("HOST", "a"));
  const lines = (headers ?? []).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const length = Buffer.byteLength(body ?? "");
  const first = `${method ?? "POST"} ${path ?? "/"} HTTP/1.1\r\nHost: a\r\n`;
  return Buffer.from(`${first}${lines}Content-Length: ${length}\r\n\r\n${body ?? ""}`);
};
// See src/wire.rs, Methods.
const ours = ["echo", "count", "fail", "none"].map((method, id) => ({ jsonrpc: "2.0", id, method, params: [id] }));
// What a client of the proxy asks, as frames to a signer, and what a signer answers.
const frames = () => {
  const opsign = { client: { names: ["a.local"], fingerprint: "11".repeat(32) }, deadlineMs: 1000 };
  const asked = bodies("block_payload", "transactions").flatMap((body) => {
    try {
      return [JSON.parse(body)];
    } catch {
      return [];
    }
  });
  return [...ours, ...asked].map((call) => JSON.stringify({ ...call, opsign }));
};
const answers = [
  { jsonrpc: "2.0", id: 0, result: "0x" + "11".repeat(65) },
  { jsonrpc: "2.0", id: 1, error: { code: -32000, message: "no", data: { why: [] } } },
  { jsonrpc: "2.0", id: "a", result: null },
];
// What op-node asks of an engine about a block, and what a builder answers.
const payloads = () => cases("envelopes.json").map(({ envelope }) => envelope);
const engine = (method, params, id = 1) => ({ jsonrpc: "2.0", id, method, params });
const engineCalls = () =>
  payloads().flatMap(({ executionPayload, parentBeaconBlockRoot }) => {
    const { parentHash, blockHash, timestamp, prevRandao, feeRecipient, transactions } = executionPayload;
    const state = { headBlockHash: blockHash, safeBlockHash: parentHash, finalizedBlockHash: parentHash };
    const attributes = { timestamp, prevRandao, suggestedFeeRecipient: feeRecipient, transactions, noTxPool: false };
    return [
      engine("engine_newPayloadV4", [executionPayload, [], parentBeaconBlockRoot, []]),
      engine("engine_forkchoiceUpdatedV3", [state, null], "a"),
      engine("engine_forkchoiceUpdatedV3", [state, attributes]),
      [engine("engine_getPayloadV4", ["0x0306d51fc5aa1533"]), engine("eth_chainId", [], null)],
    ];
  });
const yaml = (path) => readFileSync(join(here, "..", path));

// What session keys sign, and requests for it in protobuf.
const little = (number, size) => {
  const out = Buffer.alloc(size);
  out.writeUIntLE(number, 0, Math.min(size, 6));
  return out;
};
const joined = (...pieces) => Buffer.concat(pieces.map((one) => Buffer.from(one)));
const hash32 = (byte) => Buffer.alloc(32, byte);
const preDigest = joined([4, 6], "BABE", [13 << 2, 2, 0, 0, 0, 0], little(7, 8));
const sessionMessages = [
  [2, joined([0], hash32(3), little(9, 4), little(4, 8), little(2, 8))],
  [2, joined([1], hash32(3), little(9, 4), little(4, 8), little(2, 8))],
  [3, joined("BKNG", [1], hash32(4), little(5, 4), hash32(6))],
  [3, joined("APPR", hash32(4), little(5, 4))],
  [3, joined("APPR", [2 << 2], hash32(4), hash32(5), little(5, 4))],
  [3, joined("DISP", [0], hash32(4), little(5, 4))],
  [3, joined("VCPC", [1], hash32(4), little(5, 4), little(17, 4))],
  [3, joined([10 << 2, 0xb6, 1], little(5, 4), hash32(6))],
  [5, joined("POP_", hash32(7))],
  [6, joined("a record")],
];
const field = (number, value) => joined([(number << 3) | 2, value.length & 0x7f | (value.length > 127 ? 0x80 : 0)], value.length > 127 ? [value.length >> 7] : [], value);
const wide = (number, value) => joined([((number << 3) | 2) & 0x7f | 0x80, number >> 4], field(0, value).subarray(1));
const sessionRequest = (type, message, payload) =>
  joined(field(1, type), field(2, "sr25519"), field(3, hash32(8)), field(4, message), payload ? field(5, payload) : []);
const proposal = joined(field(1, hash32(1)), field(2, "5"), field(3, hash32(2)), field(4, hash32(2)), field(5, preDigest));
const sessionTypes = ["babe", "aura", "gran", "para", "beef", "asgn", "audi"];

const targets = {
  session_message: () => sessionMessages.map(([kind, message]) => joined([kind], message)),
  sign_request: () => [
    ...sessionMessages.map(([kind, message]) => sessionRequest(sessionTypes[kind], message)),
    // The hash is another than the header's; the fuzzer need not find it: what is refused is tried, too.
    sessionRequest("babe", hash32(9), wide(104, proposal)),
    sessionRequest("para", sessionMessages[5][1], joined([8, 5], field(2, hash32(6)), wide(103, field(1, hash32(4))))),
  ],
  json_rpc: () => [
    ...bodies("json_rpc"),
    ...[...ours, ours, ours.concat(ours), []].map((body) => Buffer.from(JSON.stringify(body))),
  ],
  http: () => [
    ...requests("http").map(packet),
    ...ours.map((call) => packet({ headers: [["Content-Type", "application/json"]], body: JSON.stringify(call) })),
  ],
  transaction_args: () => calls("transactions").map(({ argument }) => argument),
  block_payload: () =>
    calls("block_payload").map(({ method, named, argument }) =>
      Buffer.concat([Buffer.from([named ? 0 : method.endsWith("V2") ? 2 : 1]), argument]),
    ),
  link_call: () => text(...frames()),
  link_answers: () => text(...answers.map((one) => JSON.stringify(one)), answers.map((one) => JSON.stringify(one)).join("\n")),
  engine_call: () => text(...engineCalls().map((call) => JSON.stringify(call))),
  builders_answer: () =>
    payloads().map((envelope) => {
      const result = { ...envelope, blockValue: "0x1", executionRequests: [], shouldOverrideBuilder: false };
      return Buffer.from(JSON.stringify({ jsonrpc: "2.0", id: 1, result }));
    }),
  config: () => [
    yaml("service/signer/config.sample.yaml"),
    yaml("vectors/opsigner/config.yaml"),
    ...text(
      "provider: LOCAL\nauth:\n- name: a\n  key: k\n",
      "provider: LOCAL\nauth: [{name: a, keys: [{key: \"pkcs11:token=t;object=o\", module: m, pinFile: p}], chainID: 0x10}]\n",
      "provider: LOCAL\nauth:\n- name: a\n  key: k\n  chainID: 10\n  rate: {blockTimeMs: 2000}\nguard: {record: r}\ngates: [{listen: \"127.0.0.1:1\", client: a}]\n",
    ),
  ],
  pkcs11_uri: () =>
    text(
      "pkcs11:token=my%20token;object=sequencer;id=%01%fF;type=private?module-path=/usr/lib/m.so&pin-source=file:///etc/pin",
      "pkcs11:serial=1;id=%01?pin-source=file:pin",
      "pkcs11:token=a;object=b?pin-source=pin",
      "pkcs11:token=a;object=b?pin-value=1234",
      "pkcs11:token=%ff;object=b",
      "pkcs11:slot-id=1;token=a;object=b",
    ),
  envelope: () => cases("envelopes.json").map(({ envelope }) => Buffer.from(JSON.stringify(envelope))),
  tx_decode: transactions,
  tx_unsigned: () => cases("transactions.json").map((one) => parts(one.unsigned)),
  snappy: () => messages().map(({ message }) => message),
  ssz: () => sound().map(({ topic, data }) => Buffer.from([topic, ...data.subarray(65)])),
  gossip: questions,
  text: texts,
  signature: () => [
    ...signatures().map(([, signature]) => signature),
    ...cases("wycheproof.json").filter((_, at) => at % 16 === 0).map((one) => bytes(one.public_key)),
  ],
  key_read: () => keys("hex", "raw", "sec1_pem", "pkcs8_pem", "sec1_der", "pkcs8_der", "keystore", "none"),
  key_der: () => keys("sec1_der", "pkcs8_der"),
  keystore: () => keys("keystore"),
  mnemonic: () => [
    ...keys("mnemonic"),
    ...[16, 20, 24, 28, 32].flatMap((size) => [...Array(10).keys()].map((at) => Buffer.from([at, ...Array(size).fill(at * 25)]))),
  ],
  path: () => [...cases("keys.json").flatMap((one) => text(one.path)), ...text("m", "m/0'", "m/1h/2", "m/2147483647'")],
  alloy_tx: transactions,
  alloy_authorization: () => cases("authorizations.json").flatMap((one) => (one.tuple ? [bytes(one.tuple)] : [])),
  alloy_gossip: questions,
  alloy_text: () => [...texts(), ...cases("messages.json").filter((one) => one.kind === "personal").map((one) => bytes(one.message))],
  typed_data: () =>
    cases("messages.json").filter((one) => one.kind === "typed_data").map((one) => Buffer.from(JSON.stringify(one.typed_data))),
  recover: () => signatures().map((pair) => Buffer.concat(pair)),
  sign: () => signed().map((pair) => Buffer.concat(pair.map(bytes))),
  geth_tx: transactions,
  geth_recover: () => signatures().map((pair) => Buffer.concat(pair)),
  geth_sign: () => signed().map((pair) => Buffer.concat(pair.map(bytes))),
  op_node_gossip: questions,
};

const [command, target, folder] = process.argv.slice(2);
const file = join(here, "corpus", `${target}.txt`);
const packed = () => readFileSync(file, "utf8").split("\n").filter(Boolean).map(bytes);

function write(inputs) {
  mkdirSync(folder, { recursive: true });
  const names = new Set();
  for (const input of inputs) {
    const name = createHash("sha1").update(input).digest("hex");
    names.add(name);
    writeFileSync(join(folder, name), input);
  }
  return names.size;
}

switch (command) {
  case "names":
    console.log(readdirSync(join(here, "corpus")).map((name) => name.replace(/\.txt$/, "")).filter((name) => targets[name]).join("\n"));
    break;
  case "unpack":
    console.log(write(packed()));
    break;
  case "seeds":
    console.log(write(targets[target]().filter((input) => input.length <= LONGEST_SEED)));
    break;
  case "pack": {
    const found = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
    const short = found.filter((input) => input.length > 0 && input.length <= LONGEST);
    const kept = short.sort((a, b) => a.length - b.length || Buffer.compare(a, b)).slice(0, MOST);
    mkdirSync(join(here, "corpus"), { recursive: true });
    writeFileSync(file, kept.map((input) => `${input.toString("hex")}\n`).join(""));
    console.log(kept.length);
    break;
  }
  default:
    console.error(`corpus.mjs: ${command} is no command: names, unpack, seeds, pack`);
    process.exit(64);
}
