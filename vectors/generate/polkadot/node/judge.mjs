// Reads lines of JSON on standard input and ends with 1 at the first signature that does not hold,
// with 65 at a line that makes no sense; otherwise it says how many of each scheme held.

import { createInterface } from 'node:readline';
import { holds } from './holds.mjs';

const counts = new Map();
let number = 0;
let left = 0;
for await (const text of createInterface({ input: process.stdin })) {
  number += 1;
  let line, verdict;
  try {
    line = JSON.parse(text);
    verdict = holds(line);
  } catch (error) {
    console.error(`line ${number}: ${error.message}`);
    process.exit(65);
  }
  if (verdict === false) {
    console.error(`line ${number}: the signature (${line.scheme}) does not hold`);
    process.exit(1);
  }
  if (verdict === null) left += 1;
  else counts.set(line.scheme, (counts.get(line.scheme) ?? 0) + 1);
}
const parts = [...counts].map(([scheme, count]) => `${count} ${scheme}`).sort();
const others = left > 0 ? `; ${left} of a VRF left to the others` : '';
console.log(`${number - left} held: ${parts.join(', ')}${others}`);
