// The verdict on one signature, in Node and in a page alike.

// Signature errors that are a verdict. All other errors mean that there was nothing to judge.
const unsound = (error) => /^signature_/.test(error.code);

// Verifies, takes the time, and checks that the same bytes with one bit flipped are refused: a
// judge that accepts everything would not be noticed otherwise.
export function judge(opsign, { payload, chainId, signature, address }) {
  const accepts = (bytes) => {
    try {
      return opsign.verifyPayload({ payload: bytes, chainId, signature, address });
    } catch (error) {
      if (unsound(error)) return false;
      throw error;
    }
  };
  const verdict = (bytes) => (accepts(bytes) ? "accept" : "reject");

  const flipped = payload.slice();
  if (flipped.length > 0) flipped[flipped.length >> 1] ^= 1;
  const result = {
    verdict: verdict(payload),
    micros: time(() => accepts(payload)),
    flipped_bit: flipped.length > 0 ? verdict(flipped) : "not_checked",
  };
  return { ...result, ...details(opsign, { payload, chainId, signature, address }) };
}

// True of a judgement that makes a program end with 0.
export function accepted({ verdict, flipped_bit: flippedBit }) {
  return verdict === "accept" && flippedBit !== "accept";
}

function details(opsign, { payload, chainId, signature, address }) {
  const payloadHash = opsign.payloadHash(payload);
  const found = {
    payload_bytes: payload.length,
    payload_hash: hex(payloadHash),
    signing_hash: hex(opsign.payloadSigningHash(chainId, payloadHash)),
  };
  try {
    const recovered = opsign.recoverSigner({ payloadHash, chainId, signature });
    const same = recovered.toLowerCase() === address.toLowerCase();
    return { ...found, recovered, ...(same ? {} : { reason: "wrong_signer" }) };
  } catch (error) {
    if (unsound(error)) return { ...found, reason: error.code };
    throw error;
  }
}

// Microseconds of one call once the engine has optimised it, which takes it some hundred calls.
function time(work) {
  repeatFor(200, work);
  const { rounds, millis } = repeatFor(100, work);
  return Math.round((millis / rounds) * 1000);
}

function repeatFor(wanted, work) {
  const start = performance.now();
  for (let rounds = 1; ; rounds++) {
    work();
    const millis = performance.now() - start;
    if (millis >= wanted) return { rounds, millis };
  }
}

function hex(bytes) {
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
