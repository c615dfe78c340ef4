// Typed data (EIP-712), from JSON. A module of its own: who only checks blocks does not load it.
// typed-data.d.ts documents every export.
import { bytesOrText, jsonBytes, optionsOf, rulesOf } from "./arguments.js";
import { OpsignError } from "./error.js";
import { moduleOf } from "./module.js";
import load, * as wasm from "./pkg/typed_data.js";

const { init, enter, mustBeReady } = moduleOf({
  entry: "opsign/typed-data",
  file: "typed_data_bg",
  load,
  // Written so that bundlers see the file and bring it along.
  source: () => new URL("./pkg/typed_data_bg.wasm", import.meta.url),
});

export { OpsignError, init };

export function typedDataHash(json) {
  mustBeReady();
  const bytes = jsonBytes(json);
  return enter(() => wasm.typedDataHash(bytes));
}

export function typedDataSigner(options) {
  mustBeReady();
  const json = jsonBytes(optionsOf(options).json);
  const signature = bytesOrText("signature", options.signature);
  const consensus = rulesOf(options);
  return enter(() => wasm.typedDataSigner(json, signature(wasm.parseSignature), consensus));
}
