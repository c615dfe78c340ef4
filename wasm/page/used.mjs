// Prints, for wasm-metadce, which of the WebAssembly's exports the page calls: `node used.mjs WASM
// BUNDLE`. The rest is taken out, so that what the page does not show does not make it longer.
import { readFileSync } from "node:fs";

const [wasm, bundle] = process.argv.slice(2);
const calls = readFileSync(bundle, "utf8");
const exports = WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(wasm)))
  .map(({ name }) => name)
  .filter((name) => new RegExp(`\\.${name}\\b`).test(calls));
const nodes = exports.map((name) => ({ name, export: name, root: true }));
console.log(JSON.stringify(nodes));
