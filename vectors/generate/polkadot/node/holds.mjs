// Whether one signature holds, asked of polkadot-js (schnorrkel in WebAssembly) and of
// @scure/sr25519 (JavaScript), which must agree.
//
// The VRF functions of both fix their own transcript, so that of BABE is left to the other judges.

import assert from 'node:assert/strict';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { hexToU8a, u8aEq } from '@polkadot/util';
import {
  blake2AsU8a,
  cryptoWaitReady,
  ed25519Verify,
  keccakAsU8a,
  secp256k1Recover,
  sr25519Verify,
} from '@polkadot/util-crypto';
import * as scure from '@scure/sr25519';

await cryptoWaitReady();

/** True, false, or null for a scheme that this judge leaves to others. */
export function holds({ scheme, public: key, message, signature }) {
  if (scheme === 'sr25519_vrf') return null;
  const [m, s, k] = [message, signature, key].map((text) => {
    assert.match(text, /^0x([0-9a-f]{2})*$/, 'hex');
    return hexToU8a(text);
  });
  switch (scheme) {
    case 'sr25519': {
      const wasm = s.length === 64 && refused(() => sr25519Verify(m, s, k));
      const plain = refused(() => scure.verify(m, s, k));
      assert.equal(plain, wasm, 'polkadot-js and scure do not agree');
      return wasm;
    }
    case 'ed25519':
      return s.length === 64 && refused(() => ed25519Verify(m, s, k));
    case 'ecdsa':
      return recovers(blake2AsU8a(m), s, k);
    case 'ecdsa_keccak':
      return recovers(keccakAsU8a(m), s, k);
    default:
      throw new Error(`${scheme} is no scheme`);
  }
}

function recovers(digest, signature, key) {
  if (signature.length !== 65 || signature[64] > 3) return false;
  const wasm = refused(() => u8aEq(secp256k1Recover(digest, signature, signature[64]), key));
  const recovered = Uint8Array.of(signature[64], ...signature.subarray(0, 64));
  const noble = refused(() => {
    const point = secp256k1.Signature.fromBytes(recovered, 'recovered').recoverPublicKey(digest);
    return u8aEq(point.toBytes(true), key);
  });
  assert.equal(noble, wasm, 'polkadot-js and noble do not agree');
  return wasm;
}

/** These libraries throw at what cannot be read, which is a no. */
function refused(ask) {
  try {
    return ask();
  } catch {
    return false;
  }
}
