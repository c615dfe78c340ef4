// What both judges are called with, and how they end: 0 accept, 1 reject, 64 wrong usage, 65 bad
// input.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { accepted } from "./judge.js";

export function readArguments(program, extra = {}) {
  const more = Object.keys(extra).map((name) => ` --${name} FILE`);
  const usage =
    `usage: node demo/${program} --chain-id N --payload FILE --signature 0x... ` +
    `--address 0x...${more.join("")}`;
  const text = { type: "string" };
  const options = { "chain-id": text, payload: text, signature: text, address: text, ...extra };
  let values;
  try {
    ({ values } = parseArgs({ options: { ...options, help: { type: "boolean" } } }));
  } catch (error) {
    end(64, `${error.message}\n${usage}`);
  }
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  const missing = Object.keys(options).filter((name) => values[name] === undefined);
  if (missing.length > 0) end(64, `--${missing.join(", --")} missing\n${usage}`);
  let payload;
  try {
    payload = new Uint8Array(readFileSync(values.payload));
  } catch (error) {
    end(65, error.message);
  }
  return { ...values, payload, chainId: values["chain-id"] };
}

// Prints the judgement as one line of JSON.
export function report(judge, judgement) {
  const { verdict, micros, flipped_bit, reason } = judgement;
  console.log(JSON.stringify({ judge, verdict, micros, flipped_bit, reason }));
  process.exitCode = accepted(judgement) ? 0 : 1;
}

export function end(code, message) {
  console.error(message);
  process.exit(code);
}
