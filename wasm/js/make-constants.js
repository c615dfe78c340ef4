// Prints pkg/constants.js: what must be known before any WebAssembly is loaded. Run by
// scripts/wasm.sh; the values come from Rust, so that no second list is kept by hand.
import { readFileSync } from "node:fs";

import load, { errorAt, reasonAt, version } from "./pkg/opsign.js";
import loadTypedData, { typedDataErrorAt } from "./pkg/typed_data.js";

const read = (file) => readFileSync(new URL(`./pkg/${file}`, import.meta.url));
await load({ module_or_path: read("opsign_bg.wasm") });
await loadTypedData({ module_or_path: read("typed_data_bg.wasm") });

function* all(at) {
  for (let index = 0, entry; (entry = at(index)) !== undefined; index++) yield entry;
}

console.log("// Made by make-constants.js.");
console.log(`export const version = ${JSON.stringify(version())};`);
console.log("export const errors = Object.freeze([");
for (const { number, code, message } of [...all(errorAt), ...all(typedDataErrorAt)]) {
  console.log(`  Object.freeze(${JSON.stringify({ number, code, message })}),`);
}
console.log("]);");
console.log("export const gossipReasons = Object.freeze([");
for (const { number, name, verdict, message, topics } of all(reasonAt)) {
  const list = `Object.freeze(${JSON.stringify(topics)})`;
  const text = JSON.stringify({ number, name, verdict, message });
  console.log(`  Object.freeze({ ...${text}, topics: ${list} }),`);
}
console.log("]);");
