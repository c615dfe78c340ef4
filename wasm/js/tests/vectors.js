// Walks the files of vectors/, in Node and in the page of the browser test alike.

// The last two hold messages that WebAssembly must take whole, so that its memory grows.
export const files = [
  "payload_signing",
  "recovery",
  "addresses",
  "errors",
  "transactions",
  "authorizations",
  "messages",
  "l1_info",
  "gossip",
  "gossip_rules",
];

// Reads a file. Numbers that JavaScript would round become text, and so does typed data: it must
// reach the library as it stands in the file.
export function parse(text) {
  let rest = text;
  let read = "";
  for (let at; (at = rest.search(TYPED_DATA)) >= 0; ) {
    const json = rest.slice(at).match(TYPED_DATA)[1];
    const key = rest.slice(at).indexOf(json);
    read += rest.slice(0, at + key) + JSON.stringify(json);
    rest = rest.slice(at + key + json.length);
  }
  return JSON.parse((read + rest).replaceAll(/^(\s*"\w+": )(\d{16,})(,?)$/gm, '$1"$2"$3'));
}

// A member of a case, whose value ends where a line is indented as its first one.
const TYPED_DATA = /^ {6}"typed_data": (\{$.*?^ {6}\}|.+?)(?=,?$)/ms;

// opsign, typedData: what the package exports, initialised; vectors: the parsed files by name. Returns
// how many cases ran.
export function walk({ opsign, typedData }, vectors, only = files) {
  const ran = {};
  for (const file of only) {
    const { count, cases } = vectors[file];
    const memory = { typedData };
    ran[file] = 0;
    for (const testCase of cases) {
      try {
        checks[file](opsign, testCase, vectors, memory);
      } catch (error) {
        throw new Error(`${file}.json, ${testCase.name}: ${error.message}`, { cause: error });
      }
      ran[file]++;
    }
    equal(ran[file], count, `cases of ${file}.json`);
    memory.validator?.free();
    if (file === "messages") {
      // The file counts both kinds together.
      const { personal, typed_data } = memory;
      equal(personal + typed_data, count, "messages of both kinds");
      equal(typed_data, 175, "typed data");
      equal(memory.refused, 81, "typed data that is refused");
      Object.assign(ran, { messages: personal, typed_data });
    }
    if (count === 0) throw new Error(`${file}.json is empty`);
  }
  // The table has nothing that the file has not.
  const named = vectors.errors.cases.filter((error) => error.js !== null).length;
  equal(opsign.errors.length, named, "lines of the error table");
  return ran;
}

const other = "0x4200000000000000000000000000000000000016";

// All recovery vectors of a chain in one call, for each address that signed one.
function together(opsign, cases) {
  const own = cases.filter(({ chain_id: chainId }) => chainId === "10");
  const signed = own.map(({ payload_hash: payloadHash, signature }, index) => ({
    payloadHash,
    signature: index % 2 ? signature : bytes(signature),
  }));
  for (const [rules, least] of [["strict", 10], ["consensus", 30]]) {
    let sound = 0;
    for (const { address } of own.map((vector) => vector[rules])) {
      if (address === undefined) continue;
      const verdicts = opsign.verifyMany({ chainId: 10, address, rules, signed });
      equal(verdicts.length, own.length, "verdicts");
      for (const [index, { valid, error }] of verdicts.entries()) {
        const expected = own[index][rules];
        equal(valid, expected.address === address, `${own[index].name}, together`);
        equal(error?.code, expected.error, `${own[index].name}, together`);
        sound += valid;
      }
    }
    if (sound < least) throw new Error(`only ${sound} sound by ${rules} rules`);
  }
  return true;
}

const checks = {
  payload_signing(opsign, vector) {
    const { chain_id: chainId, payload_hash: payloadHash, signature, address } = vector;
    const piece = bytes(vector.payload);
    const payload = repeat(piece, vector.payload_repeat);
    equal(hex(opsign.payloadHash(payload)), payloadHash, "payloadHash");
    if (vector.payload_repeat < 100_000) {
      const pieces = new Array(vector.payload_repeat).fill(piece);
      equal(hex(opsign.payloadHash(pieces)), payloadHash, "payloadHash of pieces");
      const hasher = new opsign.PayloadHasher();
      for (const next of pieces) hasher.update(next);
      equal(hex(hasher.finish()), payloadHash, "PayloadHasher");
    }
    if (!/^0x0{64}$/.test(vector.domain)) {
      // Another domain, which this package does not know: it must not pass for a block's.
      notTrue(opsign, { payload, chainId, signature, address });
      return;
    }

    const forms = [chainId, BigInt(chainId), `0x${BigInt(chainId).toString(16)}`];
    if (BigInt(chainId) <= Number.MAX_SAFE_INTEGER) forms.push(Number(chainId));
    for (const form of forms) {
      for (const hash of [payloadHash, payloadHash.slice(2), bytes(payloadHash)]) {
        equal(hex(opsign.payloadSigningHash(form, hash)), vector.signing_hash, "signing hash");
      }
      equal(opsign.verifyPayload({ payload, chainId: form, signature, address }), true, "verify");
    }
    for (const hash of [payloadHash, bytes(payloadHash)]) {
      for (const signed of [signature, signature.slice(2), bytes(signature)]) {
        for (const rules of [undefined, "strict", "consensus"]) {
          const block = { payloadHash: hash, chainId, signature: signed, rules };
          equal(opsign.recoverSigner(block), address, "recovered signer");
          for (const signer of [address, address.toLowerCase(), bytes(address)]) {
            equal(opsign.verifyPayload({ ...block, address: signer }), true, "verify");
          }
          equal(opsign.verifyPayload({ ...block, address: other }), false, "another address");
        }
      }
    }
    if (payload.length > 0) {
      payload[payload.length >> 1] ^= 1;
      notTrue(opsign, { payload, chainId, signature, address });
    }
  },

  recovery(opsign, vector, vectors, memory) {
    memory.together ??= together(opsign, vectors.recovery.cases);
    const { chain_id: chainId, payload_hash: payloadHash } = vector;
    equal(hex(opsign.payloadSigningHash(chainId, payloadHash)), vector.signing_hash, "hash");
    for (const rules of ["consensus", "strict"]) {
      for (const signature of [vector.signature, bytes(vector.signature)]) {
        const block = { chainId, payloadHash, signature, rules };
        const expected = vector[rules];
        if (expected.error === undefined) {
          const { address } = expected;
          equal(opsign.recoverSigner(block), address, rules);
          equal(opsign.verifyPayload({ ...block, address }), true, rules);
          equal(opsign.verifyPayload({ ...block, address: other }), false, rules);
        } else {
          refused(opsign, expected.error, () => opsign.recoverSigner(block));
          refused(opsign, expected.error, () => opsign.verifyPayload({ ...block, address: other }));
        }
      }
    }
    // Without rules, the strict ones hold.
    const block = { chainId, payloadHash, signature: vector.signature };
    if (vector.strict.error === undefined) opsign.recoverSigner(block);
    else refused(opsign, vector.strict.error, () => opsign.recoverSigner(block));
  },

  addresses(opsign, vector, vectors) {
    const { chain_id: chainId, payload, signature } = vectors.payload_signing.cases[0];
    const block = { chainId, payload: bytes(payload), signature };
    const verify = () => opsign.verifyPayload({ ...block, address: vector.address });
    if (vector.error === undefined) equal(verify(), false, "verify");
    else refused(opsign, vector.error, verify);
  },

  errors(opsign, vector) {
    const entry = opsign.errors.find(({ number }) => number === vector.number);
    equal(entry?.code ?? null, vector.js, "name");
    if (entry !== undefined) {
      equal(entry.code, vector.name, "name");
      equal(entry.message, vector.message, "message");
      const typedData = vector.number >= 230 && vector.number < 250;
      equal(vector.number < 100 || typedData, true, "a number of the package");
    }
  },

  transactions(opsign, vector) {
    const raw = join(vector.raw_parts);
    const calls = [opsign.decodeTransaction, opsign.transactionHash, opsign.transactionSender];
    // op-geth reads longer numbers in some places, and a type that is its own.
    if (!vector.accepts || hasLongNumber(vector) || vector.type === 125) {
      for (const call of calls)
        refused(opsign, /^(rlp_\w+|empty|transaction_type)$/, () => call(raw));
      return;
    }
    const decoded = opsign.decodeTransaction(raw);
    const { input } = decoded;
    equal(hex(opsign.payloadHash(input)), vector.input_hash, "hash of the input");
    equal(input.length, vector.input_length, "length of the input");
    same(fieldsOf(decoded), expectedFields(vector), "fields");
    if (decoded.sidecar != null) {
      const { blobs, commitments, proofs } = decoded.sidecar;
      equal(
        blobs.every((blob) => blob.length === 131_072),
        true,
        "blobs",
      );
      const points = [...commitments, ...proofs];
      equal(
        points.every((point) => /^0x[\da-f]{96}$/.test(point)),
        true,
        "points",
      );
    }
    equal(decoded.hash, vector.hash, "hash");
    equal(hex(opsign.transactionHash(raw)), vector.hash, "transactionHash");
    if (vector.type !== 126 && vector.signing_hash !== null) {
      equal(decoded.signingHash, vector.signing_hash, "signing hash");
    }
    // op-geth's newest signer panics on chain 0; the signature is plain all the same.
    const panics = vector.sender_error?.includes("chainID 0") ?? false;
    const sender = panics ? vector.recovered : vector.sender;
    equal(decoded.sender, sender, "sender");
    if (sender === null) {
      refused(opsign, decoded.senderError, () => opsign.transactionSender(raw));
    } else {
      equal(decoded.senderError, null, "sender error");
      equal(opsign.transactionSender(raw), sender, "transactionSender");
    }
  },

  authorizations(opsign, vector) {
    const { address, r, s, y_parity: yParity } = vector;
    for (const chainId of [vector.chain_id, BigInt(vector.chain_id)]) {
      for (const account of [address, bytes(address)]) {
        const authorization = { chainId, address: account, nonce: BigInt(vector.nonce) };
        const hash = opsign.authorizationHash(authorization);
        equal(hex(hash), vector.signing_hash, "signing hash");
        for (const scalars of [
          { r, s },
          { r: BigInt(r), s: bytes(s) },
        ]) {
          const authority = () =>
            opsign.authorizationSigner({ ...authorization, yParity, ...scalars });
          if (vector.authority === null)
            refused(opsign, /^(signature_\w+|transaction_v)$/, authority);
          else equal(authority(), vector.authority, "authority");
        }
      }
    }
  },

  messages(opsign, vector, _, memory) {
    memory[vector.kind] = (memory[vector.kind] ?? 0) + 1;
    if (vector.kind !== "personal") {
      equal(vector.kind, "typed_data", "kind");
      if (!vector.accepts) memory.refused = (memory.refused ?? 0) + 1;
      checkTypedData(opsign, memory.typedData, vector);
      return;
    }
    const message = repeat(bytes(vector.message), vector.message_repeat);
    const forms = [message];
    try {
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(message);
      forms.push(text);
    } catch {
      // No text.
    }
    for (const form of forms) {
      equal(hex(opsign.personalMessageHash(form)), vector.hash, "hash");
      for (const signature of [vector.signature, bytes(vector.signature_y_parity)]) {
        for (const rules of [undefined, "strict", "consensus"]) {
          const signed = { message: form, signature, rules };
          equal(opsign.personalMessageSigner(signed), vector.address, "signer");
        }
      }
    }
    const signature = vector.signature_y_parity;
    equal(
      opsign.recoverSigningHash({ signingHash: vector.hash, signature }),
      vector.address,
      "hash",
    );
    refused(opsign, "signature_y_parity", () =>
      opsign.recoverSigningHash({ signingHash: bytes(vector.hash), signature: vector.signature }),
    );
  },

  l1_info(opsign, vector) {
    const transaction = bytes(vector.transaction);
    const read = () => opsign.l1InfoFromTransaction(transaction);
    if (vector.l1_info === null) {
      refused(opsign, /^(not_l1_info|empty|transaction_type|rlp_\w+)$/, read);
      return;
    }
    const { number, timestamp, hash, sequence_number: sequenceNumber } = vector.l1_info;
    const expected = { number, timestamp, hash, sequenceNumber };
    same(text(read()), text(expected), "L1 info");
  },

  gossip(opsign, vector) {
    const { topic, chain_id: chainId, decoded } = vector;
    const message = bytes(vector.message);
    const validator = new opsign.GossipValidator({ topic, chainId, signer: vector.address });
    const judgement = validator.validate(vector.now, message);
    validator.free();
    equal(judgement.verdict, vector.op_node, "verdict");
    if (decoded === null) {
      refused(opsign, judgement.reason.name, () => opsign.decodeGossip({ topic, message }));
      return;
    }
    const found = opsign.decodeGossip({ topic, message });
    const { signature, payloadHash, block } = found;
    equal(signature, decoded.signature, "signature");
    equal(payloadHash, decoded.payload_hash, "payload hash");
    equal(hex(opsign.payloadHash(found.payload)), decoded.payload_hash, "hash of the payload");
    const signingHash = hex(opsign.payloadSigningHash(chainId, payloadHash));
    equal(signingHash, decoded.signing_hash, "signing hash");
    // Without a signer to compare with, nothing is recovered.
    const asked = judgement.reason.name !== "no_signer";
    equal(judgement.signer, asked ? decoded.signer : null, "signer");
    const recover = () =>
      opsign.recoverSigner({ chainId, payloadHash, signature, rules: "consensus" });
    if (decoded.signer === null) refused(opsign, /^signature_/, recover);
    else equal(recover(), decoded.signer, "recovered signer");
    equal(block === null, decoded.block_hash === null, "no block");
    equal(block === null, found.blockError !== null, "a reason");
    if (block === null) return;
    equal(block.parentHash, decoded.parent_hash, "parent hash");
    equal(block.blockHash, decoded.block_hash, "block hash");
    equal(block.blockNumber, BigInt(decoded.block_number), "block number");
    equal(block.timestamp, BigInt(decoded.timestamp), "timestamp");
    equal(block.parentBeaconBlockRoot, decoded.parent_beacon_block_root, "beacon root");
    checkLayout(topic, found.payload, block);
    if (judgement.verdict === "accept") {
      equal(block.computedBlockHash, block.blockHash, "computed block hash");
      equal(judgement.blockHash, block.blockHash, "block hash of the judgement");
      equal(judgement.blockNumber, block.blockNumber, "block number of the judgement");
      checkTransactions(opsign, topic, message, block);
    }
  },

  gossip_rules(opsign, vector, _, memory) {
    const { topic, chain_id: chainId, sequence } = vector;
    const [signer, previousSigner] = [vector.address, vector.previous_address];
    if (sequence === null || sequence !== memory.sequence) {
      memory.validator?.free();
      const config = { topic, chainId, signer, previousSigner, jovianTime: vector.jovian_time };
      if (typeof config.jovianTime === "string") config.jovianTime = BigInt(config.jovianTime);
      memory.validator = new opsign.GossipValidator(config);
    }
    memory.sequence = sequence;
    memory.validator.setSigner(signer);
    memory.validator.setPreviousSigner(previousSigner);
    const { message_repeat: more } = vector;
    const pieces = [bytes(vector.message)];
    if (more !== undefined) pieces.push(repeat(bytes(more.unit), more.times), bytes(more.tail));
    const message = concat(pieces);
    const judgement = memory.validator.validate(BigInt(vector.now), message);
    equal(judgement.reason.name, vector.rule, "rule");
    equal(judgement.verdict, vector.verdict, "verdict");
    checkRules(opsign, judgement, topic);
    // A million transactions would be as many arrays.
    if (more !== undefined || judgement.reason.name.startsWith("snappy_")) return;
    if (judgement.reason.name.startsWith("message_too_")) return;
    const { payload, block } = opsign.decodeGossip({ topic, message, transactions: "hashes" });
    if (block !== null) checkLayout(topic, payload, block);
  },
};

function checkTypedData(opsign, typedData, vector) {
  const { typed_data: text, hash } = vector;
  equal(typeof text, "string", "kind of the typed data");
  for (const json of [text, new TextEncoder().encode(text)]) {
    const signed = (signature, rules) => typedData.typedDataSigner({ json, signature, rules });
    if (!vector.accepts) {
      refused(opsign, /^typed_data_\w+$/, () => typedData.typedDataHash(json));
      refused(opsign, /^typed_data_\w+$/, () => signed(new Uint8Array(65).fill(1)));
      continue;
    }
    equal(hex(typedData.typedDataHash(json)), hash, "hash");
    for (const signature of [vector.signature, bytes(vector.signature_y_parity)]) {
      for (const rules of [undefined, "strict", "consensus"]) {
        equal(signed(signature, rules), vector.address, "signer");
      }
    }
    const signature = vector.signature_y_parity;
    equal(opsign.recoverSigningHash({ signingHash: hash, signature }), vector.address, "hash");
  }
}

// The fields of a block, read once more from where the consensus specification has them (SSZ,
// ExecutionPayload): offset, length, and whether it is a number, little-endian.
const layout = {
  parentHash: [0, 32],
  feeRecipient: [32, 20],
  stateRoot: [52, 32],
  receiptsRoot: [84, 32],
  logsBloom: [116, 256],
  prevRandao: [372, 32],
  blockNumber: [404, 8, "number"],
  gasLimit: [412, 8, "number"],
  gasUsed: [420, 8, "number"],
  timestamp: [428, 8, "number"],
  baseFeePerGas: [440, 32, "number"],
  blockHash: [472, 32],
};
const layoutV3 = { blobGasUsed: [512, 8, "number"], excessBlobGas: [520, 8, "number"] };
const layoutV4 = { withdrawalsRoot: [528, 32] };

function checkLayout(topic, payload, block) {
  const version = Number(topic[1]);
  const prefix = version < 3 ? 0 : 32;
  const beaconRoot = prefix === 0 ? null : hex(payload.subarray(0, 32));
  equal(block.parentBeaconBlockRoot, beaconRoot, "beacon root");
  const ssz = payload.subarray(prefix);
  const number = (at, length = 4) => BigInt(hex(ssz.slice(at, at + length).reverse()));
  const here = { ...layout, ...(version > 2 && layoutV3), ...(version > 3 && layoutV4) };
  for (const [name, [at, length, kind]] of Object.entries(here)) {
    const found = typeof block[name] === "string" ? block[name].toLowerCase() : block[name];
    const there = kind === "number" ? number(at, length) : hex(ssz.slice(at, at + length));
    equal(found, there, name);
  }
  for (const name of Object.keys({ ...layoutV3, ...layoutV4 })) {
    if (!(name in here)) equal(block[name], null, name);
  }
  const [extra, transactions] = [Number(number(436)), Number(number(504))];
  equal(block.extraData, hex(ssz.slice(extra, transactions)), "extra data");
  const withdrawals = version === 1 ? ssz.length : Number(number(508));
  equal(block.withdrawals.length, (ssz.length - withdrawals) / 44, "withdrawals");
  block.withdrawals.forEach((item, index) => {
    const at = withdrawals + 44 * index;
    equal(item.index, number(at, 8), "index");
    equal(item.validatorIndex, number(at + 8, 8), "validator index");
    equal(item.address.toLowerCase(), hex(ssz.slice(at + 16, at + 36)), "address");
    equal(item.amount, number(at + 36, 8), "amount");
  });
}

// A block's transactions as bytes and as hashes, and what the first says about L1.
function checkTransactions(opsign, topic, message, block) {
  const { block: byHash } = opsign.decodeGossip({ topic, message, transactions: "hashes" });
  const hashes = block.transactions.map((raw) => opsign.decodeTransaction(raw).hash);
  same(byHash.transactions, hashes, "hashes of the transactions");
  same(text(block.l1Info), text(opsign.l1InfoFromTransaction(block.transactions[0])), "L1 info");
}

// The rules are op-node's in its order: passed up to the one that failed, and none after it.
function checkRules(opsign, { reason, verdict, rules }, topic) {
  const names = opsign.gossipReasons.map(({ name }) => name);
  same([...rules.map(({ name }) => name), "accepted"], names, "rules");
  let failed = 0;
  for (const { name, outcome } of rules) {
    const here = opsign.gossipReasons.find((entry) => entry.name === name);
    const applies = here.topics.includes(topic);
    const reached = failed === 0 ? "passed" : "not_reached";
    if (name === reason.name) {
      failed++;
      equal(here.verdict, verdict, "verdict of the rule");
      equal(applies, true, "a rule of the topic");
    }
    const expected = name === reason.name ? "failed" : applies ? reached : "not_applicable";
    equal(outcome, expected, name);
  }
  equal(failed, verdict === "accept" ? 0 : 1, "rules that failed");
}

// The fields of a decoded transaction in the words of the file.
function fieldsOf(decoded) {
  const found = {};
  const skipped = ["input", "hash", "signingHash", "sender", "senderError", "from"];
  for (const [name, value] of Object.entries(decoded)) {
    if (skipped.includes(name)) continue;
    found[snake(name === "authorizationList" ? "authorizations" : name)] = value;
  }
  if (decoded.sidecar != null) {
    const { version, ...lists } = decoded.sidecar;
    found.sidecar = { version };
    for (const [name, list] of Object.entries(lists)) found.sidecar[name] = list.length;
  }
  for (const list of [found.access_list, found.authorizations]) {
    list?.forEach((item, index) => {
      const renamed = Object.entries(item).map(([name, value]) => [snake(name), value]);
      list[index] = Object.fromEntries(renamed.filter(([name]) => name !== "authority_error"));
    });
  }
  return text(found);
}

function expectedFields(vector) {
  const { type } = vector;
  const legacy = ["type", "chain_id", "nonce", "gas_price", "gas", "to", "value", "v", "r", "s"];
  const fees = ["max_priority_fee_per_gas", "max_fee_per_gas"];
  const later = [...legacy.filter((name) => name !== "gas_price"), ...fees, "access_list"];
  const names = {
    0: legacy,
    1: [...legacy, "access_list"],
    2: later,
    3: [...later, "max_fee_per_blob_gas", "blob_versioned_hashes", "sidecar"],
    4: [...later, "authorizations"],
    126: ["type", "source_hash", "mint", "is_system", "gas", "to", "value"],
  };
  return text(Object.fromEntries(names[type].map((name) => [name, vector[name]])));
}

function hasLongNumber(vector) {
  const names = ["chain_id", "gas_price", "max_fee_per_gas", "max_priority_fee_per_gas", "value"];
  return [...names, "v", "mint", "r", "s"].some((name) => BigInt(vector[name] ?? 0) >> 256n > 0n);
}

const snake = (name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

// One text for equal values, whatever the order of their fields and the kind of their numbers.
function text(value) {
  if (Array.isArray(value)) return `[${value.map(text)}]`;
  if (Object(value) !== value) return String(value);
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([name, field]) => `${name}: ${text(field)}`)}}`;
}

function same(actual, expected, what) {
  equal(text(actual), text(expected), what);
}

function equal(actual, expected, what) {
  if (actual !== expected) throw new Error(`${what}: ${actual}, not ${expected}`);
}

function refused(opsign, code, work) {
  let result;
  try {
    result = work();
  } catch (error) {
    if (!(error instanceof opsign.OpsignError)) throw error;
    if (code instanceof RegExp) equal(code.test(error.code), true, `"${error.message}" is ${code}`);
    else equal(error.code, code, `code of "${error.message}"`);
    equal(error.name, "OpsignError", "name");
    const entry =
      opsign.errors.find((entry) => entry.code === error.code) ??
      opsign.gossipReasons.find((entry) => entry.name === error.code);
    equal(entry.number, error.number, "number");
    return;
  }
  throw new Error(`${result} instead of ${code}`);
}

// Changed bytes nearly always recover to another signer, and now and then to none.
function notTrue(opsign, block) {
  try {
    equal(opsign.verifyPayload(block), false, "verify of something else");
  } catch (error) {
    if (error.code !== "signature_not_recoverable") throw error;
  }
}

function bytes(text) {
  const digits = text.slice(2);
  return Uint8Array.from({ length: digits.length / 2 }, (_, at) =>
    Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16),
  );
}

function hex(value) {
  return `0x${Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

function repeat(piece, times) {
  const whole = new Uint8Array(piece.length * times);
  for (let at = 0; at < times; at++) whole.set(piece, at * piece.length);
  return whole;
}

function join(parts) {
  return concat(parts.map(({ hex, repeat: times }) => repeat(bytes(hex), times)));
}

function concat(pieces) {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
