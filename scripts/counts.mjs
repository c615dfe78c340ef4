// Compares counts of instructions with benches/counts.json. Usage: node counts.mjs COUNTED [--accept]
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const path = new URL('../benches/counts.json', import.meta.url);
const [counted, accept] = process.argv.slice(2);
const lines = readFileSync(counted, 'utf8').trim().split('\n');
const counts = Object.fromEntries(lines.map((line) => [line.split(' ')[0], Number(line.split(' ')[1])]));
const compiler = execFileSync('rustc', ['--version'], { encoding: 'utf8' }).trim();
if (Object.values(counts).some((count) => !(count > 1000))) throw new Error('nothing was counted');

if (accept === '--accept') {
  writeFileSync(path, `${JSON.stringify({ compiler, counts }, null, 2)}\n`);
  console.log(`counts: ${lines.length} jobs on record`);
} else {
  const record = JSON.parse(readFileSync(path, 'utf8'));
  if (String(Object.keys(record.counts)) !== String(Object.keys(counts))) {
    throw new Error('the jobs are not those on record: scripts/counts.sh --accept');
  }
  let most = -Infinity;
  const over = [];
  for (const [job, count] of Object.entries(counts)) {
    const percent = (count / record.counts[job] - 1) * 100;
    most = Math.max(most, percent);
    if (percent > 3) over.push(`${job}: ${count} instructions, ${percent.toFixed(1)} % over ${record.counts[job]}`);
    if (percent < -3) console.log(`  ${job}: ${-percent.toFixed(1)} % under the record, which scripts/counts.sh --accept lowers`);
  }
  if (over.length > 0) {
    const before = record.compiler === compiler ? '' : ` (by ${record.compiler}, now ${compiler})`;
    console.error(`more than 3 % over benches/counts.json${before}:\n${over.join('\n')}`);
    console.error('if it is worth it: scripts/counts.sh --accept, and say why in the commit');
    process.exit(1);
  }
  console.log(`counts: ${lines.length} jobs, at most ${most.toFixed(1)} % over the record`);
}
