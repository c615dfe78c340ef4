// Prints pkg/constants.js: what index.js must know before the WebAssembly is loaded. Run by
// scripts/wasm.sh; the values come from Rust, so that no second list is kept by hand.
import { readFileSync } from "node:fs";

import load, { errorAt, reasonAt, version } from "./pkg/opsign.js";

await load({ module_or_path: readFileSync(new URL("./pkg/opsign_bg.wasm", import.meta.url)) });

console.log("// Made by make-constants.js.");
console.log(`export const version = ${JSON.stringify(version())};`);
console.log("export const errors = Object.freeze([");
for (let index = 0, error; (error = errorAt(index)) !== undefined; index++) {
  const { number, code, message } = error;
  console.log(`  Object.freeze(${JSON.stringify({ number, code, message })}),`);
}
console.log("]);");
console.log("export const gossipReasons = Object.freeze([");
for (let index = 0, reason; (reason = reasonAt(index)) !== undefined; index++) {
  const { number, name, verdict, message, topics } = reason;
  const list = `Object.freeze(${JSON.stringify(topics)})`;
  const text = JSON.stringify({ number, name, verdict, message });
  console.log(`  Object.freeze({ ...${text}, topics: ${list} }),`);
}
console.log("]);");
