// Turns vectors/*.json into the lines of words that contract.c reads. With `enum`, prints instead a
// C program that prints the number of each error name in the header. Usage: lines.mjs enum |
// lines.mjs NUMBERS [light], where `light` leaves out what takes much memory.
import { readFileSync } from 'node:fs';

import { gossipMessage, join, print, read, refused } from './vectors.mjs';

const errors = read('errors').filter((error) => error.c !== null);

if (process.argv[2] === 'enum') {
  const prints = errors.map(({ c }) => `printf("%d\\n", (int)${c});`).join(' ');
  console.log(`#include <stdio.h>\n#include "opsign.h"\nint main(void) { ${prints} return 0; }`);
} else {
  const numbers = readFileSync(process.argv[2], 'utf8').trim().split('\n');
  const light = process.argv[3] === 'light';
  const verdict = ({ address, error }) => (error ? `error ${error}` : `address ${address}`);
  const lines = [
    ...errors.map((e, at) => `error ${e.number} ${e.name} ${numbers[at]} : ${e.message}`),
    ...read('recovery').flatMap((c) =>
      // The one of no bytes has no word to stand for it and is a check of its own.
      c.signature === '0x' ? [] : ['strict', 'consensus'].map((rules) =>
        `recover ${c.chain_id} ${c.payload_hash} ${c.signature} ${rules} ${verdict(c[rules])}`)),
    // The C functions know the one domain in use.
    ...read('payload_signing').filter((c) => /^0x0+$/.test(c.domain)).map((c) =>
      ['sign', c.secret_key, c.chain_id, c.payload === '0x' ? '0x' : c.payload, c.payload_repeat,
        c.payload_hash, c.signing_hash, c.signature, c.address].join(' ')),
    ...read('secret_keys').map((c) => `key ${c.secret_key} ${verdict(c)}`),
    ...read('addresses').map((c) => {
      const hex = Buffer.from(c.address, 'utf8').toString('hex');
      return `text ${hex} ${c.error ? `error ${c.error}` : `address ${c.canonical}`}`;
    }),
  ];
  // Chain 0 panics op-geth's newest signer, and says nothing about the signature.
  const sender = (c) => (c.sender_error?.includes('chainID 0') ? c.recovered : c.sender);
  for (const c of read('transactions')) {
    const raw = join(c.raw_parts);
    if (raw === '0x') continue;
    if (refused(c)) {
      lines.push(`tx ${raw} refused`);
      continue;
    }
    lines.push(`tx ${raw} hash ${c.hash} ${sender(c) ?? '-'}`);
    if (c.secret_key) lines.push(`signtx ${c.secret_key} ${join(c.unsigned)} ${join(c.canonical)}`);
  }
  for (const c of read('messages').filter(({ kind }) => kind === 'personal')) {
    const message = `0x${c.message.slice(2).repeat(c.message_repeat)}`;
    lines.push(`message ${c.secret_key} ${message} ${c.hash} ${c.signature_y_parity} ${c.address}`);
  }
  // As text, since it has numbers that JavaScript does not hold: they are strings for a moment.
  const tokens = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;
  const asText = (json) => json.replace(tokens, (token) => (token[0] === '"' ? token : `"\\u0000${token}"`));
  const asNumbers = (json) => json.replace(/"\\u0000([^"]*)"/g, '$1');
  const typed = JSON.parse(asText(readFileSync(new URL('../../vectors/messages.json', import.meta.url), 'utf8')))
    .cases.filter(({ kind }) => kind === 'typed_data');
  if (typed.length !== 175) throw new Error(`${typed.length} cases of typed data`);
  for (const c of typed) {
    const json = `0x${Buffer.from(asNumbers(JSON.stringify(c.typed_data)), 'utf8').toString('hex')}`;
    lines.push(c.accepts
      ? `typed ${json} ${c.secret_key} ${c.hash} ${c.signature} ${c.signature_y_parity} ${c.address}`
      : `typed ${json} refused`);
  }
  const word = (text) => (text === undefined ? '-' : `0x${Buffer.from(text, 'utf8').toString('hex')}`);
  for (const c of read('keys')) {
    // A seed is no file; under valgrind, scrypt as geth has it takes minutes.
    if (c.format === 'seed' || (light && c.name === 'scrypt_geth_standard')) continue;
    lines.push(['file', c.input_hex ?? word(c.input), word(c.passphrase), word(c.path),
      c.format ?? '-', verdict(c)].join(' '));
  }
  let sequence = null;
  for (const c of read('gossip_rules')) {
    const anew = c.sequence === null || c.sequence !== sequence ? 1 : 0;
    sequence = c.sequence;
    lines.push(['gossip', c.topic.slice(1), c.chain_id, c.address, c.previous_address ?? '-',
      BigInt(c.now), c.jovian_time ?? '-', gossipMessage(c), c.verdict, c.rule, anew].join(' '));
  }
  print(lines);
}
