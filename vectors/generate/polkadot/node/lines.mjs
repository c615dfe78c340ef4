// Writes the valid signatures of vectors/polkadot as lines for the judges. With a scheme as second
// argument: some valid ones of it, one that is not, and some valid ones again.
//
//   node lines.mjs ../../../polkadot [scheme]

import { readFileSync } from 'node:fs';

const [folder, planted] = process.argv.slice(2);
const read = (name) => JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')).cases;
const cases = [...read('signatures.json'), ...read('vrf.json').filter((vector) => !vector.extra)];
const line = ({ scheme, public: key, message, transcript, signature }) =>
  JSON.stringify({ scheme, public: key, message, transcript, signature });

if (planted === undefined) {
  for (const vector of cases.filter(({ valid }) => valid)) console.log(line(vector));
  for (const { class: name, scheme, public: key, first } of read('equivocations.json')) {
    const { message, header, signature } = first;
    console.log(JSON.stringify({ scheme, public: key, message, header, signature, class: name }));
  }
} else {
  const of = cases.filter(({ scheme }) => scheme === planted);
  const valid = of.filter(({ valid }) => valid).slice(0, 3).map(line);
  const bad = of.find(({ name, valid }) => !valid && name.endsWith('other_key'));
  console.log([...valid, line(bad), ...valid].join('\n'));
}
