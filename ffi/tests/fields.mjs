// What fields.c compares: transactions, authorizations and gossip messages with all their fields.
import { gossipMessage, join, print, read, refused } from './vectors.mjs';

// An absent value is a dash; a number has 64 hex digits, bytes are lower-case hex without 0x.
const dash = (value, write) => (value === null || value === undefined ? '-' : write(value));
const number = (value) => dash(value, (text) => BigInt(text).toString(16).padStart(64, '0'));
const hex = (value) => dash(value, (text) => text.slice(2).toLowerCase());
const plain = (value) => dash(value, String);

const accessList = (list) => dash(list, (items) =>
  items.map((item) => [item.address, ...item.storage_keys].map(hex).join('/')).join(';'));
const authorizations = (list) => dash(list, (items) => items.map((a) => [number(a.chain_id),
  hex(a.address), a.nonce, hex(a.r), hex(a.s), a.y_parity, hex(a.authority)].join('/')).join(';'));
const sidecar = (value) => dash(value, ({ version, blobs, commitments, proofs }) =>
  [version, blobs, commitments, proofs].join('/'));

const transaction = (c) => [c.type, number(c.chain_id), plain(c.nonce), c.gas, number(c.gas_price),
  number(c.max_priority_fee_per_gas), number(c.max_fee_per_gas), number(c.max_fee_per_blob_gas),
  hex(c.to), number(c.value), hex(c.input_hash), c.input_length, accessList(c.access_list),
  dash(c.blob_versioned_hashes, (hashes) => hashes.map(hex).join(';')),
  authorizations(c.authorizations), number(c.v), hex(c.r), hex(c.s), hex(c.source_hash),
  c.type === 126 ? hex(c.sender) : '-', number(c.mint), dash(c.is_system, Number),
  sidecar(c.sidecar)].join(',');

const ssz = /^(ssz|snappy|message)_/;
// Judged before the payload is read, so what is wrong with the payload is not told.
const unread = /^(no_signer|signature_)/;

print([
  ...read('transactions').filter((c) => join(c.raw_parts) !== '0x').map((c) => (refused(c)
    ? `refused ${join(c.raw_parts)}`
    : `transaction ${join(c.raw_parts)} ${transaction(c)} ${hex(c.signing_hash)}`)),
  ...read('authorizations').map((c) => ['authorization', c.secret_key ?? '-', number(c.chain_id),
    hex(c.address), c.nonce, c.signing_hash,
    `${c.r}${c.s.slice(2)}${c.y_parity.toString(16).padStart(2, '0')}`, hex(c.authority)].join(' ')),
  ...read('gossip').filter((c) => c.decoded).map(({ topic, message, decoded: d }) => ['block',
    topic.slice(1), message, d.payload_hash, d.signature, ...(d.block_hash
      ? [d.block_number, d.timestamp, hex(d.parent_hash), hex(d.block_hash),
        hex(d.parent_beacon_block_root)]
      : ['-'])].join(' ')),
  ...read('gossip_rules').map((c) => ['rule', c.topic.slice(1), gossipMessage(c),
    ssz.test(c.rule) ? c.rule : unread.test(c.rule) ? 'any' : 'ok'].join(' ')),
  ...read('l1_info').filter((c) => c.transaction !== '0x').map(({ transaction: raw, l1_info: info }) =>
    ['l1', raw, ...(info ? [info.number, info.timestamp, info.sequence_number, hex(info.hash)] : ['-'])]
      .join(' ')),
]);
