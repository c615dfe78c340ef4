// A second opinion on vectors/polkadot: recomputes seeds, encodings and hashes with polkadot-js and
// judges the signatures, and ends with an error on any difference.
//
//   npm ci && node check.mjs

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { TypeRegistry } from '@polkadot/types';
import { compactToU8a, hexToU8a, stringToHex, u8aConcat, u8aToHex } from '@polkadot/util';
import {
  blake2AsHex,
  ed25519PairFromSeed,
  ed25519Sign,
  keccakAsHex,
  keyExtractSuri,
  keyFromPath,
  mnemonicToMiniSecret,
  secp256k1PairFromSeed,
  sr25519PairFromSeed,
} from '@polkadot/util-crypto';
import { holds } from './holds.mjs';

const registry = new TypeRegistry();
registry.register({
  Vote: { targetHash: 'H256', targetNumber: 'u32' },
  Message: { _enum: { Prevote: 'Vote', Precommit: 'Vote', PrimaryPropose: 'Vote' } },
  Backing: { letters: '[u8; 4]', kind: 'u8', hash: 'H256', session: 'u32', parent: 'H256' },
  Approval: { letters: '[u8; 4]', hash: 'H256', session: 'u32' },
  Approvals: { letters: '[u8; 4]', hashes: 'Vec<H256>', session: 'u32' },
  Dispute: { letters: '[u8; 4]', valid: 'bool', hash: 'H256', session: 'u32' },
  Check: { letters: '[u8; 4]', accept: 'bool', hash: 'H256', session: 'u32', validator: 'u32' },
  Context: { session: 'u32', parent: 'H256' },
  Hrmp: { recipient: 'u32', data: 'Bytes' },
  Commitments: {
    upward_messages: 'Vec<Bytes>',
    horizontal_messages: 'Vec<Hrmp>',
    new_validation_code: 'Option<Bytes>',
    head_data: 'Bytes',
    processed_downward_messages: 'u32',
    hrmp_watermark: 'u32',
  },
  Descriptor: {
    para_id: 'u32',
    relay_parent: 'H256',
    collator: 'H256',
    persisted_validation_data_hash: 'H256',
    pov_hash: 'H256',
    erasure_root: 'H256',
    signature: 'H512',
    para_head: 'H256',
    validation_code_hash: 'H256',
  },
  Commitment: { payload: 'Vec<([u8; 2], Bytes)>', blockNumber: 'u32', validatorSetId: 'u64' },
});
const encode = (type, value) => registry.createType(type, value).toHex();

/** Runs `check` on the cases of a file for which it does not give null, and counts these. */
function each(file, least, check) {
  const { cases, count } = JSON.parse(
    readFileSync(new URL(`../../../polkadot/${file}`, import.meta.url), 'utf8'),
  );
  assert.equal(cases.length, count, file);
  let ran = 0;
  for (const vector of cases) {
    try {
      if (check(vector) !== null) ran += 1;
    } catch (error) {
      error.message = `${file}, ${vector.name}: ${error.message}`;
      throw error;
    }
  }
  assert.ok(ran >= least, `${file}: ${ran} cases only`);
  console.log(`${file}: ${ran} of ${count} cases`);
}

const pairs = {
  sr25519: sr25519PairFromSeed,
  ed25519: ed25519PairFromSeed,
  ecdsa: secp256k1PairFromSeed,
};

/** What sp-core and polkadot-js read differently, each for a reason of its own. */
const otherwise = new Map([
  ['hard_u64_max_plus_1', 'numbers up to 256 bits are numbers'],
  ['hard_plus', 'a sign makes a name'],
  ['password_unicode', 'normalised'],
  ['words_two_spaces', 'one space between words'],
  ['words_space_end', 'and none behind them'],
]);

const dev = 'bottom drive obey lake curtain smoke basket hold race lonely fit walk';

each('seeds.json', 115, ({ name, scheme, suri, password, public_key, error }) => {
  // polkadot-js takes and refuses what is wrong in a way of its own.
  if (error !== undefined || otherwise.has(name.slice(scheme.length + 1))) return null;
  // sp-core puts the development phrase where none is.
  const read = keyExtractSuri(suri === '' || suri.startsWith('/') ? dev + suri : suri);
  const seed = read.phrase.startsWith('0x')
    ? hexToU8a(read.phrase)
    : mnemonicToMiniSecret(read.phrase, password ?? read.password);
  const pair = keyFromPath(pairs[scheme](seed), read.path, scheme);
  assert.equal(u8aToHex(pair.publicKey), public_key);
});

each('headers.json', 20, ({ header, encoded, hash, babe, error }) => {
  assert.equal(blake2AsHex(encoded), hash);
  if (error !== undefined) return null;
  const read = registry.createType('Header', hexToU8a(encoded));
  assert.equal(read.hash.toHex(), hash);
  assert.equal(read.number.toNumber(), header.number);
  assert.equal(read.parentHash.toHex(), header.parent_hash);
  assert.equal(read.stateRoot.toHex(), header.state_root);
  assert.equal(read.extrinsicsRoot.toHex(), header.extrinsics_root);
  assert.equal(read.digest.logs.length, header.digest.length);
  const item = read.digest.logs.find((log) => log.isPreRuntime && log.asPreRuntime[0].isBabe);
  const digest = registry.createType('RawBabePreDigest', item.asPreRuntime[1].toU8a(true));
  const kinds = { primary: 'Primary', secondary_plain: 'SecondaryPlain', secondary_vrf: 'SecondaryVRF' };
  assert.equal(digest.type, kinds[babe.kind]);
  assert.equal(digest.value.slotNumber.toString(), babe.slot);
  assert.equal(digest.value.authorityIndex.toNumber(), babe.authority_index);
});

each('grandpa.json', 15, ({ kind, target_hash, target_number, round, set_id, encoded, error }) => {
  if (error !== undefined) return null;
  const names = { prevote: 'Prevote', precommit: 'Precommit', primary_propose: 'PrimaryPropose' };
  const message = { [names[kind]]: { targetHash: target_hash, targetNumber: target_number } };
  assert.equal(encode('(Message, u64, u64)', [message, round, set_id]), encoded);
});

each('statements.json', 25, (vector) => {
  const { kind, session, encoded } = vector;
  if (vector.error !== undefined) return null;
  const made = {
    seconded: () => backing(1),
    valid: () => backing(2),
    approval: () => {
      const [hash, ...more] = vector.candidate_hashes;
      const letters = stringToHex('APPR');
      return more.length === 0
        ? encode('Approval', { letters, hash, session })
        : encode('Approvals', { letters, hashes: vector.candidate_hashes, session });
    },
    dispute: () =>
      encode('Dispute', {
        letters: stringToHex('DISP'),
        valid: vector.valid,
        hash: vector.candidate_hash,
        session,
      }),
    pvf_check: () =>
      encode('Check', {
        letters: stringToHex('VCPC'),
        accept: vector.accept,
        hash: vector.validation_code_hash,
        session,
        validator: vector.validator_index,
      }),
    bitfield: () => {
      // BitVec of polkadot-js rounds its length up to bytes.
      const { bits } = vector;
      const bytes = new Uint8Array(Math.ceil(bits.length / 8));
      [...bits].forEach((bit, n) => (bytes[n >> 3] |= Number(bit) << (n & 7)));
      const context = encode('Context', { session, parent: vector.parent_hash });
      return u8aToHex(u8aConcat(compactToU8a(bits.length), bytes, context));
    },
  }[kind]();
  assert.equal(made, encoded);

  function backing(number) {
    return encode('Backing', {
      letters: stringToHex('BKNG'),
      kind: number,
      hash: vector.candidate_hash,
      session,
      parent: vector.parent_hash,
    });
  }
});

each('candidates.json', 9, (vector) => {
  const descriptor = encode('Descriptor', vector.descriptor);
  assert.equal(descriptor, vector.descriptor_encoded);
  const commitments = encode('Commitments', vector.commitments);
  assert.equal(blake2AsHex(commitments), vector.commitments_hash);
  const receipt = descriptor + vector.commitments_hash.slice(2);
  assert.equal(blake2AsHex(receipt), vector.candidate_hash);
});

each('beefy.json', 6, ({ payload, block_number, validator_set_id, encoded, hash, error }) => {
  if (error !== undefined) return null;
  const entries = payload.map(({ id, data }) => [stringToHex(id), data]);
  const value = { payload: entries, blockNumber: block_number, validatorSetId: validator_set_id };
  assert.equal(encode('Commitment', value), encoded);
  assert.equal(keccakAsHex(encoded), hash);
});

each('ownership.json', 15, ({ scheme, owner, encoded, public: key, signature }) => {
  assert.equal(stringToHex('POP_') + owner.slice(2), encoded);
  assert.equal(holds({ scheme, public: key, message: encoded, signature }), true);
});

each('signatures.json', 60, (vector) => {
  assert.equal(holds(vector), vector.valid);
  if (vector.scheme !== 'ed25519' || !vector.valid) return;
  const made = ed25519Sign(hexToU8a(vector.message), ed25519PairFromSeed(hexToU8a(vector.seed)));
  assert.equal(u8aToHex(made), vector.signature);
});

each('equivocations.json', 15, ({ class: name, scheme, public: key, first, second }) => {
  for (const { message, header, signature } of [first, second]) {
    if (name === 'babe') assert.equal(blake2AsHex(header), message);
    assert.equal(holds({ scheme, public: key, message, signature }), true);
  }
});
