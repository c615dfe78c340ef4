// observer.mjs LOG SWITCHES GENESIS BLOCK_TIME FROM TO LATE: what a follower's log says of the blocks that
// it accepted from gossip. Each height from FROM to TO was seen, with one hash, and within LATE
// seconds of its time. Prints how late the latest was, the latest of those right after a switch, and
// how many came after the next one was due.
import fs from "node:fs";

const [log, switches, ...numbers] = process.argv.slice(2);
const [genesis, blockTime, from, to, mostLate] = numbers.map(Number);
const line = /^t=(\S+) .*msg="Received signed execution payload from p2p" id=(0x[0-9a-f]+):(\d+) /;
const seen = new Map();
for (const text of fs.readFileSync(log, "utf8").split("\n")) {
  const [, time, hash, number] = line.exec(text) ?? [];
  if (!hash) continue;
  const here = seen.get(Number(number)) ?? { hashes: new Set(), at: Date.parse(time) };
  here.hashes.add(hash);
  seen.set(Number(number), here);
}
const after = fs.readFileSync(switches, "utf8").trim().split("\n").map((row) => Number(row.split(" ")[0]));
const wrong = [];
const lateness = [];
for (const [number, { hashes }] of seen) {
  if (hashes.size > 1) wrong.push(`height ${number} has ${[...hashes].join(" and ")}`);
}
for (let number = from; number <= to; number += 1) {
  const here = seen.get(number);
  if (!here) {
    wrong.push(`height ${number} did not come by gossip`);
    continue;
  }
  const late = here.at - (genesis + number * blockTime) * 1000;
  if (late >= mostLate * 1000) wrong.push(`height ${number} came ${late} ms after its time`);
  lateness.push({ number, late });
}
if (to - from < after.length || Number.isNaN(lateness[0]?.late)) wrong.push("too few blocks were seen");
const near = ({ number }) => after.some((tip) => number >= tip && number <= tip + 2);
const most = (blocks) => Math.max(...blocks.map(({ late }) => late));
const due = lateness.filter(({ late }) => late >= blockTime * 1000).length;
console.log(
  `  heights ${from} to ${to}: ${lateness.length} blocks by gossip; the latest ${most(lateness)} ms after ` +
    `its time, near a switch ${most(lateness.filter(near))} ms, else ${most(lateness.filter((b) => !near(b)))} ms; ` +
    `${due} after the next was due`,
);
for (const what of wrong) console.error(`  ${what}`);
process.exit(wrong.length > 0 ? 1 : 0);
