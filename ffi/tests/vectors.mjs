// Reading vectors/*.json for the C test programs, which want lines of words.
import { readFileSync } from 'node:fs';

export const read = (name) => {
  const text = readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url), 'utf8');
  // Numbers reach 2^64, where a number of JavaScript's is no longer exact.
  const vectors = JSON.parse(text.replace(/^( *"\w+": )(\d{16,})(,?)$/gm, '$1"$2"$3'));
  if (vectors.cases.length !== vectors.count) throw new Error(`${name}.json miscounts its cases`);
  return vectors.cases;
};

export const join = (parts) =>
  `0x${parts.map(({ hex, repeat }) => hex.slice(2).repeat(repeat)).join('')}`;

// op-geth reads numbers of more than 256 bits in some places and a type 0x7d; opsign does not.
const long = (c) => ['gas_price', 'max_fee_per_gas', 'max_priority_fee_per_gas', 'value', 'v',
  'mint', 'chain_id', 'r', 's'].some((key) => c[key] && BigInt(c[key]) >> 256n > 0n);
export const refused = (c) => !c.accepts || c.type === 125 || long(c);

export const gossipMessage = (c) => {
  const { unit, times, tail } = c.message_repeat ?? { unit: '0x', times: 0, tail: '0x' };
  return c.message + unit.slice(2).repeat(times) + tail.slice(2);
};

export const print = (lines) => process.stdout.write(`${lines.join('\n')}\ncount ${lines.length}\n`);
