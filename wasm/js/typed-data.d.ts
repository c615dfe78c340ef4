/**
 * Typed data (EIP-712): what a wallet signs for it, and who signed. A WebAssembly module of its own,
 * with its own {@link init}; it needs nothing of `opsign`, whose table of errors has its errors too.
 *
 * @example
 * ```js
 * import { init, typedDataSigner } from "opsign/typed-data";
 *
 * await init();
 * const address = typedDataSigner({ json, signature });
 * ```
 *
 * @module
 */
import type { Bytes, Rules, WasmSource } from "./index.js";

export { OpsignError } from "./index.js";

/**
 * Loads this module's WebAssembly, `typed_data_bg.wasm`, as `init` of `opsign` loads that one's.
 *
 * @throws {OpsignError} (as a rejection) `not_initialised`, `wrong_type`.
 */
export function init(source?: WasmSource | PromiseLike<WasmSource>): Promise<void>;

/**
 * What a wallet signs for typed data (EIP-712, `eth_signTypedData_v4`), 32 bytes. It takes and
 * refuses what go-ethereum does, up to 1 MiB, 128 levels and 64 types.
 *
 * @param json The JSON text of `{types, primaryType, domain, message}`, as it came: an object that
 * was parsed has lost the digits of its large numbers.
 * @throws {OpsignError} One of the names with `typed_data_`, and a message that says where;
 * `too_long` over 64 MiB; `wrong_type`, also for text with half a surrogate pair;
 * `not_initialised`.
 */
export function typedDataHash(json: string | Uint8Array): Bytes;

/**
 * Who signed typed data, as EIP-55 text. The signature's last byte is 0, 1, 27 or 28. Any sound
 * signature recovers to some address: compare it with the one that you expect.
 *
 * @throws {OpsignError} As {@link typedDataHash}, and the errors of a signature.
 */
export function typedDataSigner(options: {
  /** The JSON text, as {@link typedDataHash} takes it. */
  json: string | Uint8Array;
  /** 65 bytes `r ‖ s ‖ v`, or 130 hex digits with or without `0x`. */
  signature: Uint8Array | string;
  /** Which signatures count as sound. By default `"strict"`. */
  rules?: Rules | undefined;
}): string;
