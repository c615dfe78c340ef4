// Walks the files of vectors/, in Node and in the page of the browser test alike.

export const files = ["payload_signing", "recovery", "addresses", "errors"];

// opsign: the package, initialised; vectors: the parsed files by name. Returns how many cases ran.
export function walk(opsign, vectors) {
  const ran = {};
  for (const file of files) {
    const { count, cases } = vectors[file];
    ran[file] = 0;
    for (const testCase of cases) {
      try {
        checks[file](opsign, testCase, vectors);
      } catch (error) {
        throw new Error(`${file}.json, ${testCase.name}: ${error.message}`, { cause: error });
      }
      ran[file]++;
    }
    equal(ran[file], count, `cases of ${file}.json`);
    if (count === 0) throw new Error(`${file}.json is empty`);
  }
  // The table has nothing that the file has not.
  const named = vectors.errors.cases.filter((error) => error.js !== null).length;
  equal(opsign.errors.length, named, "lines of the error table");
  return ran;
}

const other = "0x4200000000000000000000000000000000000016";

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

  recovery(opsign, vector) {
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
      equal(vector.number < 100, true, "a number of the library");
    }
  },
};

function equal(actual, expected, what) {
  if (actual !== expected) throw new Error(`${what}: ${actual}, not ${expected}`);
}

function refused(opsign, code, work) {
  let result;
  try {
    result = work();
  } catch (error) {
    if (!(error instanceof opsign.OpsignError)) throw error;
    equal(error.code, code, `code of "${error.message}"`);
    equal(error.name, "OpsignError", "name");
    equal(opsign.errors.find((entry) => entry.code === code).number, error.number, "number");
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
