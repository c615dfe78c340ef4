// The good inputs of misuse.c, from vectors. With `rows`, prints instead what the table in misuse.c
// must say of every function in a header: its name, its pointers, its lengths.
import { readFileSync } from 'node:fs';

import { join, read } from './vectors.mjs';

if (process.argv[2] === 'rows') {
  const header = readFileSync(process.argv[3], 'utf8').replace(/\/\/.*/g, '');
  for (const [, name, list] of header.matchAll(/\b(opsign_\w+)\(((?:[^()]|\([^()]*\))*)\);/g)) {
    const parameters = list.split(',');
    const pointers = parameters.filter((parameter) => parameter.includes('*')).length;
    const lengths = parameters.filter((parameter) => /^\s*size_t [a-z]/.test(parameter)).length;
    console.log(`row ${name} ${pointers} ${lengths}`);
  }
} else {
  const named = (file, name) => read(file).find((c) => c.name === name);
  const text = (value) => `0x${Buffer.from(value, 'utf8').toString('hex')}`;
  const payload = named('payload_signing', 'block_v1');
  const transaction = named('transactions', '7702_access_list_long');
  const chainId = BigInt(payload.chain_id).toString(16).padStart(64, '0');
  const inputs = {
    chain_id: `0x${chainId}`,
    hash: payload.payload_hash,
    signature: payload.signature,
    signed: `0x${`${payload.payload_hash.slice(2)}${payload.signature.slice(2)}`.repeat(2)}`,
    address: payload.address.toLowerCase(),
    typed_data: text(JSON.stringify(named('messages', 'typed_mail').typed_data)),
    pem: text(named('keys', 'sec1_pem').input),
    number_text: text(payload.chain_id),
    address_text: text(payload.address),
    set_code: join(transaction.raw_parts),
    unsigned: join(named('transactions', 'legacy_eip155_example').unsigned),
    deposit: join(named('transactions', 'deposit_l1_attributes').raw_parts),
    message: named('gossip', 'v4_good_chain_10').message,
  };
  for (const [name, hex] of Object.entries(inputs)) console.log(`${name} ${hex}`);
}
