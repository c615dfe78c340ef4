/**
 * Checks OP Stack block payload signatures.
 *
 * A sequencer signs `keccak256(domain[32] ‖ chainId[32] ‖ keccak256(payload))` of each block that
 * it gossips, where the domain is 32 zero bytes. The signature is 65 bytes, `r[32] ‖ s[32] ‖
 * y_parity[1]`.
 *
 * Await {@link init} once, then call the functions, which are synchronous. Everything that they
 * refuse they refuse with an {@link OpsignError}.
 *
 * There is no signing here and no secret key: a JIT promises no constant time.
 *
 * @example
 * ```js
 * import { init, verifyPayload } from "opsign";
 *
 * await init();
 * const valid = verifyPayload({ payload, chainId: 10, signature, address });
 * ```
 *
 * @module
 */

/**
 * Loads the WebAssembly. Importing the package loads nothing.
 *
 * Calling it again is harmless: later calls wait for the first one and ignore their own source.
 * After a failure the next call tries anew.
 *
 * @param source Where `opsign_bg.wasm` comes from. By default the file in this package: read from
 * disk in Node, fetched from beside the module elsewhere (relative to `import.meta.url`). Otherwise
 * its bytes, a `Response`, an absolute URL (in a page also a relative one), a compiled
 * `WebAssembly.Module`, or a promise of any of these.
 * @throws {OpsignError} (as a rejection) `not_initialised` if it cannot be had or is not this
 * version's file, with the reason as `cause`; `wrong_type`. A page with a content security policy
 * must allow `script-src 'wasm-unsafe-eval'` and `connect-src` for the file's origin.
 */
export function init(source?: WasmSource | PromiseLike<WasmSource>): Promise<void>;

/**
 * Keccak-256 of a block payload: of the bytes that follow the signature in a decompressed gossip
 * message. On topics v1 and v2 that is the SSZ execution payload, on v3 and v4
 * `parentBeaconBlockRoot[32] ‖ SSZ`.
 *
 * @param payload The bytes, or pieces of them in order, which are hashed without being joined.
 * @returns 32 bytes.
 * @throws {OpsignError} `wrong_type`, `not_initialised`.
 */
export function payloadHash(payload: Payload): Bytes;

/**
 * The hash that a sequencer signs: `keccak256(domain[32] ‖ chainId[32] ‖ payloadHash[32])`, the
 * domain being 32 zero bytes.
 *
 * @param chainId The chain's id.
 * @param payloadHash 32 bytes, or 64 hex digits with or without `0x`.
 * @returns 32 bytes.
 * @throws {OpsignError} `chain_id_digit`, `chain_id_too_large`; `empty`, `too_short`, `too_long`,
 * `hex_digit`, `hex_odd_length`; `wrong_type`, `not_initialised`.
 */
export function payloadSigningHash(chainId: ChainId, payloadHash: Uint8Array | string): Bytes;

/**
 * Checks that `address` signed a block payload.
 *
 * @returns `true` if it did. `false` only if the signature is sound and somebody else's, or belongs
 * to other bytes or another chain, which looks the same. Use {@link recoverSigner} to learn whose.
 * @throws {OpsignError} for whatever is not a sound signature or address: `signature_r_zero`,
 * `signature_r_too_large`, `signature_s_zero`, `signature_s_too_large`, `signature_s_high` (strict
 * rules only), `signature_y_parity`, `signature_not_recoverable`; `address_checksum`, `hex_prefix`;
 * and all that {@link payloadSigningHash} throws.
 */
export function verifyPayload(options: VerifyOptions): boolean;

/**
 * The address that signed a block payload.
 *
 * Any sound signature recovers to some address: compare the result with the one that you expect.
 *
 * @returns The address as EIP-55 text: `0x` and 40 digits with checksum capitals.
 * @throws {OpsignError} As {@link verifyPayload}, but for the address.
 */
export function recoverSigner(options: RecoverOptions): string;

/**
 * Hashes a payload that arrives over time, such as a download.
 *
 * @example
 * ```js
 * const hasher = new PayloadHasher();
 * for await (const piece of response.body) hasher.update(piece);
 * const valid = verifyPayload({ payloadHash: hasher.finish(), chainId, signature, address });
 * ```
 */
export class PayloadHasher {
  /**
   * A hasher that has seen no bytes.
   *
   * @throws {OpsignError} `not_initialised`.
   */
  constructor();

  /**
   * Takes the next piece, of any length.
   *
   * @throws {OpsignError} `closed` after `finish` or `free`; `wrong_type`.
   */
  update(piece: Uint8Array): void;

  /**
   * The hash of all pieces in order, 32 bytes. Frees the hasher.
   *
   * @throws {OpsignError} `closed` after `finish` or `free`.
   */
  finish(): Bytes;

  /**
   * Gives up a hasher that is not to be finished. May be called twice, and after `finish`. A hasher
   * that is merely forgotten is freed when it is garbage collected.
   */
  free(): void;
}

/** What verification and recovery are about. Give the payload or its hash, not both. */
export type RecoverOptions = {
  /** The chain's id. */
  chainId: ChainId;
  /** 65 bytes `r ‖ s ‖ y_parity`, or 130 hex digits with or without `0x`. */
  signature: Uint8Array | string;
  /** Which signatures count as sound. By default `"strict"`. */
  rules?: Rules | undefined;
} & (
  | {
      /** The bytes that the signature covers. */
      payload: Payload;
      payloadHash?: undefined;
    }
  | {
      payload?: undefined;
      /** Their Keccak-256: 32 bytes, or 64 hex digits with or without `0x`. */
      payloadHash: Uint8Array | string;
    }
);

/** What {@link verifyPayload} takes. */
export type VerifyOptions = RecoverOptions & {
  /**
   * The expected signer: 20 bytes, or `0x` and 40 hex digits. Text with letters of both cases must
   * carry the EIP-55 checksum.
   */
  address: Uint8Array | string;
};

/**
 * Which signatures are sound. `"strict"`: low s (EIP-2) and y_parity 0 or 1, which is what opsign
 * makes. `"consensus"`: what op-node accepts from the network, high s and recovery ids 2 and 3 too.
 */
export type Rules = "strict" | "consensus";

/** A payload, in one piece or in several. Not in shared memory, which could change meanwhile. */
export type Payload = Uint8Array | readonly Uint8Array[];

/** From 0 to 2^256 - 1: a bigint, a safe integer, or text in decimal or `0x` hex. */
export type ChainId = bigint | number | string;

/** A new `Uint8Array` over an `ArrayBuffer` of its own (where TypeScript can say so). */
export type Bytes = ReturnType<typeof Uint8Array.of>;

/** Where the WebAssembly can come from. */
export type WasmSource =
  | ArrayBuffer
  | ArrayBufferView
  | string
  | Global<"URL">
  | Global<"Response">
  | WasmModule;

// Nothing where the program's own `lib` has no such class, so that this file needs neither the DOM
// nor Node's types.
type Global<Name extends string> = typeof globalThis extends Record<Name, { prototype: infer T }>
  ? T
  : never;
type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer T } } }
  ? T & object
  : never;

/** The version of this package, such as `"0.1.0"`. */
export const version: string;

/** Every error that this package has a name for, in the order of their numbers. */
export const errors: readonly ErrorEntry[];

/** A line of {@link errors}. */
export interface ErrorEntry {
  /** The number, the same in every language that opsign speaks. */
  readonly number: number;
  /** The name. */
  readonly code: ErrorCode;
  /** One sentence about this kind of error. */
  readonly message: string;
}

/** Why opsign said no. The `message` says which value was wrong, and how. */
export class OpsignError extends Error {
  private constructor();
  readonly name: "OpsignError";
  /** What went wrong, for programs. */
  readonly code: ErrorCode;
  /** The code's number, the same in every language that opsign speaks. */
  readonly number: number;
}

/** The names of the errors. */
export type ErrorCode =
  /** 3: a `PayloadHasher` was used after `finish` or `free`. */
  | "closed"
  /** 4: an argument has the wrong type. */
  | "wrong_type"
  /** 5: `init()` has not finished, or failed. */
  | "not_initialised"
  /** 9: a bug in opsign; from then on every call throws this. */
  | "internal"
  /** 10 to 12: the length is wrong. */
  | "empty"
  | "too_short"
  | "too_long"
  /** 13 to 15: not the hex text that it should be. */
  | "hex_prefix"
  | "hex_odd_length"
  | "hex_digit"
  /** 23: capitals in an address that do not match its EIP-55 checksum. */
  | "address_checksum"
  /** 24 and 25: no chain id. */
  | "chain_id_digit"
  | "chain_id_too_large"
  /** 30 to 36: no sound signature. */
  | "signature_r_zero"
  | "signature_r_too_large"
  | "signature_s_zero"
  | "signature_s_too_large"
  | "signature_s_high"
  | "signature_y_parity"
  | "signature_not_recoverable"
  /** Of opsign's other packages; not thrown here. */
  | "secret_key_zero"
  | "secret_key_too_large"
  | "public_key_invalid"
  | "wrong_signer"
  | "snappy"
  | "unknown_topic"
  | "not_l1_info"
  | "rlp_truncated"
  | "rlp_not_minimal"
  | "rlp_wrong_kind"
  | "rlp_wrong_length"
  | "rlp_too_large"
  | "rlp_trailing"
  | "transaction_type"
  | "deposit_not_signable"
  | "transaction_v";
