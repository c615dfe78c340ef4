// A second opinion on the vectors: recomputes payload_signing.json,
// recovery.json, secret_keys.json and addresses.json with noble, which shares
// no code with the Go libraries that made them, and ends with an error on any
// difference.
//
//   npm ci && node check.mjs
//
// noble follows the consensus rules of recovery.json. Three of its habits
// differ from op-node's and are bridged here:
//   - its recovered form puts the recovery id before r and s, not after them;
//   - its recovery has no strict mode: a high s is recovered, and the ids 2 and
//     3, too, so the strict rules are tested here before noble is asked;
//   - it throws without naming a kind, so the kinds are worked out here.
// Where the rules say that recovery fails, or that r or s is out of range, the
// check is noble's own.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';

const N = secp256k1.Point.CURVE().n;

const fromHex = (text) => {
  assert.ok(text.startsWith('0x'), `${text} has no prefix`);
  return hexToBytes(text.slice(2));
};
const toHex = (bytes) => '0x' + bytesToHex(bytes);
const number = (bytes) => (bytes.length === 0 ? 0n : BigInt(toHex(bytes)));
const uint256 = (value) => hexToBytes(value.toString(16).padStart(64, '0'));

/** The EIP-55 form of 40 small hex digits. */
function checksummed(digits) {
  const hash = bytesToHex(keccak_256(utf8ToBytes(digits)));
  return '0x' + [...digits].map((digit, i) => (hash[i] >= '8' ? digit.toUpperCase() : digit)).join('');
}

/** The address of a point of the curve. */
function addressOf(point) {
  return checksummed(bytesToHex(keccak_256(point.toBytes(false).slice(1)).slice(12)));
}

function signingHash(domain, chainId, payloadHash) {
  return keccak_256(concatBytes(domain, uint256(BigInt(chainId)), payloadHash));
}

function lengthError(bytes, length) {
  if (bytes.length === 0) return 'empty';
  if (bytes.length < length) return 'too_short';
  if (bytes.length > length) return 'too_long';
  return undefined;
}

function checkPayloadSigning(c) {
  const unit = fromHex(c.payload);
  const payload = new Uint8Array(unit.length * c.payload_repeat);
  for (let i = 0; i < c.payload_repeat; i++) payload.set(unit, i * unit.length);
  const payloadHash = keccak_256(payload);
  const hash = signingHash(fromHex(c.domain), c.chain_id, payloadHash);
  const secret = fromHex(c.secret_key);
  const signed = secp256k1.sign(hash, secret, { prehash: false, lowS: true, format: 'recovered' });
  const signature = concatBytes(signed.slice(1), signed.slice(0, 1));
  return {
    payload_hash: toHex(payloadHash),
    signing_hash: toHex(hash),
    signature: toHex(signature),
    address: addressOf(secp256k1.Point.fromBytes(secp256k1.getPublicKey(secret, false))),
  };
}

/** Recovers by the rules given: the largest s and y parity, and the bits of it that count. */
function recover(signature, hash, { maxS, maxYParity, yParityBits }) {
  const length = lengthError(signature, 65);
  if (length) return { error: length };
  const [r, s, yParity] = [number(signature.slice(0, 32)), number(signature.slice(32, 64)), signature[64]];
  let error;
  if (r === 0n) error = 'signature_r_zero';
  else if (r >= N) error = 'signature_r_too_large';
  else if (s === 0n) error = 'signature_s_zero';
  else if (s >= N) error = 'signature_s_too_large';
  if (error) {
    assert.throws(() => new secp256k1.Signature(r, s), 'noble takes r and s that are out of range');
    return { error };
  }
  const parsed = new secp256k1.Signature(r, s);
  assert.equal(parsed.hasHighS(), s > N >> 1n, 'noble has another notion of a high s');
  if (s > maxS) return { error: 'signature_s_high' };
  if (yParity > maxYParity) return { error: 'signature_y_parity' };
  let point;
  try {
    point = parsed.addRecoveryBit(yParity & yParityBits).recoverPublicKey(hash);
  } catch {
    return { error: 'signature_not_recoverable' };
  }
  return { address: addressOf(point) };
}

function checkRecovery(c) {
  const hash = signingHash(new Uint8Array(32), c.chain_id, fromHex(c.payload_hash));
  const signature = fromHex(c.signature);
  if (signature.length === 65 && signature[64] > 3 && !['signature_r', 'signature_s'].some((p) => c.consensus.error?.startsWith(p))) {
    const parsed = secp256k1.Signature.fromBytes(signature.slice(0, 64));
    assert.throws(() => parsed.addRecoveryBit(signature[64]), 'noble takes a y parity above 3');
  }
  return {
    signing_hash: toHex(hash),
    consensus: recover(signature, hash, { maxS: N - 1n, maxYParity: 3, yParityBits: 0xff }),
    strict: recover(signature, hash, { maxS: N >> 1n, maxYParity: 1, yParityBits: 0xff }),
    consensus_without_cgo: recover(signature, hash, { maxS: N - 1n, maxYParity: 7, yParityBits: 3 }),
  };
}

function checkSecretKey(c) {
  const secret = fromHex(c.secret_key);
  let error = lengthError(secret, 32);
  if (!error && number(secret) === 0n) error = 'secret_key_zero';
  if (!error && number(secret) >= N) error = 'secret_key_too_large';
  assert.equal(secp256k1.utils.isValidSecretKey(secret), !error, 'noble has another notion of a valid secret key');
  if (error) {
    assert.throws(() => secp256k1.getPublicKey(secret), 'noble makes a public key of an invalid secret key');
    return { address: undefined, error };
  }
  return { address: addressOf(secp256k1.Point.fromBytes(secp256k1.getPublicKey(secret))), error: undefined };
}

function checkAddress(c) {
  const failed = (error) => ({ canonical: undefined, error });
  if (c.address === '') return failed('empty');
  if (!c.address.startsWith('0x')) return failed('hex_prefix');
  const digits = c.address.slice(2);
  if (digits === '') return failed('empty');
  if (!/^[0-9a-fA-F]*$/.test(digits)) return failed('hex_digit');
  if (digits.length !== 40) return failed(digits.length < 40 ? 'too_short' : 'too_long');
  const canonical = checksummed(digits.toLowerCase());
  const mixed = /[a-f]/.test(digits) && /[A-F]/.test(digits);
  return mixed && canonical !== c.address ? failed('address_checksum') : { canonical, error: undefined };
}

const files = [
  ['payload_signing.json', checkPayloadSigning],
  ['recovery.json', checkRecovery],
  ['secret_keys.json', checkSecretKey],
  ['addresses.json', checkAddress],
];

let passed = 0;
let failed = 0;
for (const [name, check] of files) {
  const file = JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'));
  if (file.count !== file.cases.length || file.count === 0) {
    failed++;
    console.error(`${name}: ${file.cases.length} cases, its count says ${file.count}`);
  }
  for (const c of file.cases) {
    try {
      for (const [field, value] of Object.entries(check(c))) {
        assert.deepStrictEqual(c[field], value, `${field}: the file says ${JSON.stringify(c[field])}, noble ${JSON.stringify(value)}`);
      }
      passed++;
    } catch (cause) {
      failed++;
      console.error(`${name}: ${c.name}: ${cause.message}`);
    }
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
