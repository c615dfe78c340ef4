// Turns vectors/*.json into the lines of words that contract.c reads. With `enum`, prints instead a
// C program that prints the number of each error name in the header.
import { readFileSync } from 'node:fs';

const read = (name) => {
  const vectors = JSON.parse(readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url)));
  if (vectors.cases.length !== vectors.count) throw new Error(`${name}.json miscounts its cases`);
  return vectors.cases;
};
const errors = read('errors').filter((error) => error.c !== null);

if (process.argv[2] === 'enum') {
  const prints = errors.map(({ c }) => `printf("%d\\n", (int)${c});`).join(' ');
  console.log(`#include <stdio.h>\n#include "opsign.h"\nint main(void) { ${prints} return 0; }`);
} else {
  const numbers = readFileSync(process.argv[2], 'utf8').trim().split('\n');
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
  process.stdout.write(`${lines.join('\n')}\ncount ${lines.length}\n`);
}
