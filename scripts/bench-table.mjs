// The README's table of ratios, made from benches/latest.json. Usage: node bench-table.mjs check, which
// fails if the README says otherwise | node bench-table.mjs write
import { readFileSync, writeFileSync } from 'node:fs';

const root = new URL('..', import.meta.url);
const report = JSON.parse(readFileSync(new URL('benches/latest.json', root)));
const operations = {
  sign: ['sign, recoverable, constant time, stack wiped', 'libsecp256k1'],
  recover: ['recover', 'libsecp256k1'],
  verify_known_signer: ['check a known signer (`Verifier`)', 'libsecp256k1 recover'],
  public_key: ['public key from secret key, its address and the wiping included', 'libsecp256k1'],
};

const micros = (nanos) => (nanos / 1000).toFixed(1);
const lines = Object.entries(report.ratios).map(([name, ratio]) => {
  const [operation, peer] = operations[name];
  const row = report.rows[name];
  const exact = row.opsign.least_ns / row[peer].least_ns;
  if (Math.abs(exact - ratio) > 0.006) throw new Error(`${name}: ${ratio} is not ${exact}`);
  return `| ${operation} | ${micros(row.opsign.least_ns)} | ${micros(row[peer].least_ns)}, ${peer} | ${ratio.toFixed(2)} |`;
});
if (lines.length !== Object.keys(operations).length) throw new Error('a ratio is missing');
const table = `
Least of ${report.rounds} rounds, all in one run (\`make bench\`); ${report.machine}, two shared cores,
${report.compiler.split(' ').slice(0, 2).join(' ')}, ${report.flags}. The ratios hold better than the times.

| operation | opsign, µs | peer, µs | ratio |
|---|---|---|---|
${lines.join('\n')}
`;

const path = new URL('README.md', root);
const readme = readFileSync(path, 'utf8');
const [start, end] = ['<!-- benches/latest.json -->\n', '<!-- /benches/latest.json -->'];
const [from, to] = [readme.indexOf(start) + start.length, readme.indexOf(end)];
if (from < start.length || to < from) throw new Error('README.md lacks the place for the table');
const wanted = readme.slice(0, from) + table + readme.slice(to);
if (process.argv[2] === 'write') {
  writeFileSync(path, wanted);
} else if (readme !== wanted) {
  console.error('README.md and benches/latest.json differ: node scripts/bench-table.mjs write');
  process.exit(1);
} else {
  console.log(`README: ${lines.length} ratios as in benches/latest.json`);
}
