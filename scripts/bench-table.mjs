// What is made of the figures that benches/benches/ratios writes. Usage: node bench-table.mjs html, which
// draws target/bench/report.json | node bench-table.mjs record [--anew], which makes it benches/latest.json
// and the README's table | node bench-table.mjs check, which fails if that table is another
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';

const root = new URL('..', import.meta.url);
const mode = process.argv[2];
const [made, recorded] = ['target/bench/report.json', 'benches/latest.json'].map((path) => new URL(path, root));
const read = (path) => JSON.parse(readFileSync(path));
const report = read(mode === 'check' ? recorded : made);
// In the order of the table, each with the peer that its goal is set against: without one, the quickest.
const operations = {
  sign: ['sign, recoverable, constant time, stack wiped', 'libsecp256k1'],
  recover: ['recover', 'libsecp256k1'],
  verify_known_signer: ['check a known signer (`Verifier`)', 'libsecp256k1 recover'],
  verify_many: ['check 256 of a known signer together, each (`verify_many`)', 'libsecp256k1 recover'],
  public_key: ['public key from secret key, the wiping included', 'libsecp256k1'],
  keccak_32: ['Keccak-256 of 32 bytes'],
  keccak_96: ['of 96 bytes'],
  keccak_1kib: ['of 1 KiB'],
  keccak_1mib: ['of 1 MiB'],
  keccak_10mib: ['of 10 MiB'],
  gossip_100k: ['gossip message of 100 KB: decompress, hash, known signer', 'go-ethereum, golang/snappy'],
  gossip_validate_100k: ['the whole validator of the same', "op-node's validator"],
  tx_1559: ['EIP-1559 transaction: hash, sign, encode', 'go-ethereum'],
  go_sign: ['Go through cgo: sign a payload hash', 'go-ethereum'],
  go_verify: ['Go through cgo: check a known signer', 'go-ethereum'],
  wasm_recover: ['in Node: who signed a payload hash', 'noble-secp256k1'],
};

for (const [name, operation] of Object.entries(operations)) {
  const { order, peers } = report.rows[name];
  operation[1] ??= order.slice(1).sort((a, b) => peers[a].least_ns - peers[b].least_ns)[0];
  const peer = operation[1];
  const exact = peers.opsign.least_ns / peers[peer].least_ns;
  const ratio = report.ratios[name];
  if (!(Math.abs(exact - ratio) <= 0.006)) throw new Error(`${name}: ${ratio} is not ${exact}`);
}
const more = Object.keys(report.ratios).filter((name) => !(name in operations));
if (more.length > 0) throw new Error(`the table lacks ${more}`);

const micros = (nanos) => (nanos / 1000).toPrecision(3);
const time = (nanos) => (nanos < 1e5 ? micros(nanos) : Math.round(nanos / 1000).toLocaleString('en'));
if (mode === 'check') {
  refusalsWork();
  table();
} else if (mode === 'html') {
  for (const line of unlike(read(recorded), report)) console.error(`this run says little: ${line}`);
  writeFileSync(new URL('target/bench/report.html', root), page());
} else if (mode === 'record') {
  const lines = unlike(read(recorded), report);
  if (lines.length > 0 && process.argv[3] !== '--anew') {
    console.error([...lines, 'run it again; if it stays so, --anew takes it'].join('\n'));
    process.exit(1);
  }
  copyFileSync(made, recorded);
  table();
} else {
  throw new Error('html, record [--anew] or check');
}

// Peers that took another time than in the run on record, on the same machine, by more than all others
// did. Where a table lies in memory can make one take twice as long for a whole run, and only that one.
function unlike(record, run) {
  if (record.machine !== run.machine) return [];
  const changes = Object.entries(run.rows).flatMap(([name, { order, peers }]) =>
    order.slice(1).map((peer) => {
      const [now, then] = [peers[peer].least_ns, record.rows[name]?.peers[peer]?.least_ns];
      return { what: `${name}, ${peer}`, now, then, change: now / then };
    }),
  ).filter(({ then }) => then);
  const sorted = changes.map(({ change }) => change).sort((a, b) => a - b);
  const usual = sorted[sorted.length >> 1];
  return changes
    .filter(({ change }) => Math.abs(change / usual - 1) > 0.12)
    .map(({ what, now, then }) => `${what}: ${time(now)} us, ${time(then)} on record`);
}

// Of the record itself on a busier machine nothing is refused; with one peer slower or quicker, that peer.
function refusalsWork() {
  const peer = ['sign', 'libsecp256k1'];
  for (const [change, refused] of [[1, 0], [1.1, 0], [1.3, 1], [0.8, 1]]) {
    const run = structuredClone(report);
    for (const { peers } of Object.values(run.rows)) {
      for (const figures of Object.values(peers)) figures.least_ns *= 1.5;
    }
    run.rows[peer[0]].peers[peer[1]].least_ns *= change;
    const lines = unlike(report, run);
    if (lines.length !== refused || !lines.every((line) => line.startsWith(`${peer.join(', ')}:`))) {
      throw new Error(`a peer at ${change}: refused for ${JSON.stringify(lines)}`);
    }
  }
}

function table() {
  const lines = Object.entries(operations).map(([name, [operation, peer]]) => {
    const { peers } = report.rows[name];
    const ratio = report.ratios[name].toFixed(2);
    return `| ${operation} | ${time(peers.opsign.least_ns)} | ${time(peers[peer].least_ns)}, ${peer} | ${ratio} |`;
  });
  const text = `
Least of many rounds, all in one run that takes turns (\`make bench\`); ${report.machine}, two shared
cores, ${report.compiler.split(' ').slice(0, 2).join(' ')}, ${report.go.split(' ')[2]}, Node ${report.node};
${report.flags}. The ratios hold better than the times.

| operation | opsign, µs | peer, µs | ratio |
|---|---|---|---|
${lines.join('\n')}
`;
  const path = new URL('README.md', root);
  const readme = readFileSync(path, 'utf8');
  const [start, end] = ['<!-- benches/latest.json -->\n', '<!-- /benches/latest.json -->'];
  const [from, to] = [readme.indexOf(start) + start.length, readme.indexOf(end)];
  if (from < start.length || to < from) throw new Error('README.md lacks the place for the table');
  const wanted = readme.slice(0, from) + text + readme.slice(to);
  if (mode === 'record') {
    writeFileSync(path, wanted);
  } else if (readme !== wanted) {
    console.error('README.md and benches/latest.json differ: make bench, then node scripts/bench-table.mjs record');
    process.exit(1);
  } else {
    console.log(`README: ${lines.length} ratios as in benches/latest.json`);
  }
}

// A bar up to the least of all rounds; a dot for the median, in its 95 % confidence interval.
function page() {
  const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const plots = Object.entries(report.rows).map(([name, { order, peers, rounds }]) => {
    const most = Math.max(...order.map((peer) => peers[peer].median_95_ns[1]));
    const x = (nanos) => ((nanos / most) * 560).toFixed(1);
    const bars = order.map((peer, index) => {
      const { least_ns: least, least_cycles: cycles, median_ns: median, median_95_ns: [low, high] } = peers[peer];
      const y = 24 * index;
      const ratio = (peers[order[0]].least_ns / least).toFixed(2);
      return `<text x="0" y="${y + 15}">${escape(peer)}</text>
<rect x="200" y="${y + 4}" width="${x(least)}" height="14" fill="${index ? '#b8c4d0' : '#2a6fb0'}"/>
<path d="M${200 + +x(low)} ${y + 11}H${200 + +x(high)}" stroke="#333"/>
<circle cx="${200 + +x(median)}" cy="${y + 11}" r="3" fill="#333"/>
<text x="780" y="${y + 15}">${time(least)} µs, ${cycles?.toLocaleString('en') ?? '?'} cycles, median ${time(median)}, ours is ${ratio} of it</text>`;
    });
    const what = operations[name]?.[0].replaceAll('`', '') ?? name;
    return `<h2>${escape(what)}</h2><p>${rounds} rounds</p>
<svg width="1240" height="${24 * order.length}" role="img" aria-label="${escape(what)}">${bars.join('\n')}</svg>`;
  });
  const machine = report.mhz ? `${report.machine} at ${Math.round(report.mhz)} MHz` : report.machine;
  const made = [machine, report.compiler, report.go, `Node ${report.node}`, report.flags];
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>opsign: measurements</title>
<style>body { font: 14px sans-serif; margin: 2em } text { font: 12px sans-serif } h2 { margin: 1.5em 0 0 } p { margin: 0 0 .5em; color: #555 }</style>
<h1>opsign beside its peers</h1>
<p>${made.map(escape).join('; ')}</p>
<p>Bars: the least of all rounds. Dots: the median, in its 95 % confidence interval. Cycles: of the time-stamp counter, at the rate above.</p>
${plots.join('\n')}
</html>
`;
}
