/**
 * Checks what the OP Stack signs: block payloads, gossip messages, transactions, messages.
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
 * Checks many block payloads of one chain against one `address`.
 *
 * @returns For each, in order, what {@link verifyPayload} says of it.
 * @throws {OpsignError} for a bad address or chain id, and `wrong_type`, `not_initialised`. What is
 * wrong with a signature or a hash is in its verdict.
 */
export function verifyMany(options: VerifyManyOptions): SignatureVerdict[];

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

/**
 * Takes a signed transaction apart: legacy, EIP-2930, EIP-1559, EIP-4844 with or without its sidecar
 * (of either version), EIP-7702, and the deposits of the OP Stack. Accepts what go-ethereum accepts,
 * but no number of more than 256 bits.
 *
 * Decoding does not look at the signature: whether anybody signed shows in `sender`.
 *
 * @param transaction The network form (EIP-2718).
 * @throws {OpsignError} `empty`, `transaction_type`, `rlp_truncated`, `rlp_not_minimal`,
 * `rlp_wrong_kind`, `rlp_wrong_length`, `rlp_too_large`, `rlp_trailing`; `too_long` over 64 MiB;
 * `wrong_type`, `not_initialised`.
 */
export function decodeTransaction(transaction: Uint8Array): Transaction;

/**
 * The hash of a signed transaction, 32 bytes. A sidecar is no part of it.
 *
 * @throws {OpsignError} As {@link decodeTransaction}.
 */
export function transactionHash(transaction: Uint8Array): Bytes;

/**
 * Who sent a transaction, as EIP-55 text: the signer, or whom a deposit names.
 *
 * @throws {OpsignError} As {@link decodeTransaction}; `transaction_v`, and `signature_r_zero` and the
 * other errors of a signature under strict rules.
 */
export function transactionSender(transaction: Uint8Array): string;

/**
 * What an account signs to let code act for it (EIP-7702):
 * `keccak256(0x05 ‖ rlp([chainId, address, nonce]))`, 32 bytes.
 *
 * @throws {OpsignError} The errors of a chain id and of an address; `wrong_type`, `not_initialised`.
 */
export function authorizationHash(authorization: Authorization): Bytes;

/**
 * The account that signed an authorization, as EIP-55 text. Takes an item of a decoded
 * transaction's `authorizationList` as it is.
 *
 * @throws {OpsignError} As {@link authorizationHash}; `transaction_v` for a `yParity` above 1,
 * and the errors of a signature under strict rules.
 */
export function authorizationSigner(authorization: SignedAuthorization): string;

/**
 * What a wallet signs for a message (EIP-191, `personal_sign`), 32 bytes.
 *
 * @param message The text itself, never hex for it; or bytes.
 * @throws {OpsignError} `too_long` over 64 MiB; `wrong_type`, also for text with half a surrogate
 * pair; `not_initialised`.
 */
export function personalMessageHash(message: string | Uint8Array): Bytes;

/**
 * Who signed a message, as EIP-55 text. The signature's last byte is 0, 1, 27 or 28. Any sound
 * signature recovers to some address: compare it with the one that you expect.
 *
 * @throws {OpsignError} As {@link personalMessageHash}, and the errors of a signature.
 */
export function personalMessageSigner(options: {
  /** The text itself, never hex for it; or bytes. */
  message: string | Uint8Array;
  /** 65 bytes `r ‖ s ‖ v`, or 130 hex digits with or without `0x`. */
  signature: Uint8Array | string;
  /** Which signatures count as sound. By default `"strict"`. */
  rules?: Rules | undefined;
}): string;

/**
 * Who signed a hash, as EIP-55 text. Somebody who chose the hash chose what it means: for a block
 * use {@link recoverSigner}, for a message {@link personalMessageSigner}, for typed data
 * `typedDataSigner` of `opsign/typed-data`.
 *
 * @throws {OpsignError} The errors of a signature; `empty`, `too_short`, `too_long`, `hex_digit`,
 * `hex_odd_length`; `wrong_type`, `not_initialised`.
 */
export function recoverSigningHash(options: {
  /** 32 bytes, or 64 hex digits with or without `0x`. */
  signingHash: Uint8Array | string;
  /** 65 bytes `r ‖ s ‖ y_parity`, or 130 hex digits with or without `0x`. */
  signature: Uint8Array | string;
  /** Which signatures count as sound. By default `"strict"`. */
  rules?: Rules | undefined;
}): string;

/**
 * Takes a gossip message of an unsafe block apart. Nothing in it is judged: see
 * {@link GossipValidator}.
 *
 * @throws {OpsignError} The name of a rule, `snappy_length_invalid`, `message_too_large`,
 * `message_too_small` or `snappy_corrupt`, if it does not decompress; `unknown_topic`; `too_long`
 * over 64 MiB; `wrong_type`, `not_initialised`.
 */
export function decodeGossip<Form extends "bytes" | "hashes" = "bytes">(options: {
  /** The topic's version, which says how the block is laid out. */
  topic: Topic;
  /** The message as it came, compressed. */
  message: Uint8Array;
  /** Transactions as bytes, which is the default, or as their hashes. */
  transactions?: Form | undefined;
}): GossipMessage<Form extends "hashes" ? string : Bytes>;

/**
 * Reads a block's first transaction: the deposit that names the L1 block it builds on.
 *
 * @throws {OpsignError} As {@link decodeTransaction}; `not_l1_info` for any other transaction.
 */
export function l1InfoFromTransaction(transaction: Uint8Array): L1Info;

/**
 * Judges the gossip messages of one topic as op-node does, and remembers the blocks that it
 * accepted: a thousand heights, six blocks each.
 *
 * @example
 * ```js
 * const validator = new GossipValidator({ topic: "v4", chainId: 10, signer });
 * const { verdict, reason } = validator.validate(Math.floor(Date.now() / 1000), message);
 * ```
 */
export class GossipValidator {
  /**
   * @throws {OpsignError} `unknown_topic`, the errors of a chain id and of an address; `wrong_type`,
   * `not_initialised`.
   */
  constructor(options: GossipConfig);

  /**
   * Judges a message. One that is wrong is a verdict and no error.
   *
   * @param now The time in whole seconds since 1970, rounded down.
   * @param message The message as it came, compressed.
   * @throws {OpsignError} `closed` after `free`; `too_long` over 64 MiB, which no message reaches;
   * `wrong_type`.
   */
  validate(now: bigint | number, message: Uint8Array): Judgement;

  /** Changes the signer that L1 names: 20 bytes, text, or null for none, as zero is. */
  setSigner(address: Uint8Array | string | null): void;

  /**
   * Changes whose messages are still good besides. op-node forgets that signer once a message of
   * the new one was met, whatever became of the block: see {@link Judgement.signer}.
   */
  setPreviousSigner(address: Uint8Array | string | null): void;

  /** Frees its memory. May be called twice; one that is merely forgotten is freed, too. */
  free(): void;
}

/** What the rules need to know besides the message. */
export interface GossipConfig {
  /** The topic that messages come on. */
  topic: Topic;
  /** The chain's id. */
  chainId: ChainId;
  /** The signer that L1 names. Without one, or with the zero address, messages are ignored. */
  signer?: Uint8Array | string | null | undefined;
  /** The signer before it, while messages of both are good. */
  previousSigner?: Uint8Array | string | null | undefined;
  /** The timestamp from which Jovian is active, in seconds since 1970. By default never. */
  jovianTime?: bigint | number | null | undefined;
  /** How many seconds old a block may be. By default 60, as in op-node. */
  maxAge?: bigint | number | undefined;
}

/** A topic `/optimism/<chain id>/<0 to 3>/blocks`: before Canyon, Canyon, Ecotone, Isthmus. */
export type Topic = "v1" | "v2" | "v3" | "v4";

/** What a peer does with a message: forward it, drop it, or drop it and think less of its sender. */
export type Verdict = "accept" | "ignore" | "reject";

/** A verdict with its reason, and what was found on the way. */
export interface Judgement {
  verdict: Verdict;
  /** The first rule that objected, or `accepted`. */
  reason: { number: number; name: GossipReason; message: string };
  /** Who signed, as EIP-55 text; null if the signature was not sound, or not looked at. */
  signer: string | null;
  /** As the block claims; null if it is not well formed, or was not looked at. */
  blockHash: string | null;
  /** As the block claims; null with `blockHash`. */
  blockNumber: bigint | null;
  /** Every rule in op-node's order. */
  rules: RuleResult[];
}

/** What became of one rule. */
export interface RuleResult {
  number: number;
  name: GossipReason;
  /** What it says when it objects. */
  message: string;
  /** The first rule that fails decides; those behind it are not reached. */
  outcome: "passed" | "failed" | "not_reached" | "not_applicable";
}

/** A gossip message, decompressed and taken apart. Hashes and the signature are hex text. */
export interface GossipMessage<Form = Bytes> {
  /** 65 bytes as they came. */
  signature: string;
  /** What the signature covers. */
  payload: Bytes;
  /** Its Keccak-256. */
  payloadHash: string;
  /** The rule that the block's layout breaks, if it does. */
  blockError: GossipReason | null;
  /** The block, as the sender claims it; null if its layout is broken. */
  block: Block<Form> | null;
}

/** An execution payload. Hashes, the bloom filter and the extra data are hex text. */
export interface Block<Form = Bytes> {
  /** On v3 and v4. */
  parentBeaconBlockRoot: string | null;
  parentHash: string;
  feeRecipient: string;
  stateRoot: string;
  receiptsRoot: string;
  logsBloom: string;
  prevRandao: string;
  blockNumber: bigint;
  gasLimit: bigint;
  gasUsed: bigint;
  /** Seconds since 1970. */
  timestamp: bigint;
  extraData: string;
  /** Wei per gas. */
  baseFeePerGas: bigint;
  /** As the sender claims it. */
  blockHash: string;
  /** Computed anew from the contents; op-node rejects a block where the two differ. */
  computedBlockHash: string;
  /** In their network form, or their hashes. Nothing says that they are transactions. */
  transactions: Form[];
  /** op-node takes none. */
  withdrawals: { index: bigint; validatorIndex: bigint; address: string; amount: bigint }[];
  /** On v3 and v4. */
  blobGasUsed: bigint | null;
  /** On v3 and v4. */
  excessBlobGas: bigint | null;
  /** On v4. */
  withdrawalsRoot: string | null;
  /** What the first transaction says about L1; null if it is no such deposit. */
  l1Info: L1Info | null;
}

/** The L1 block that an L2 block builds on. */
export interface L1Info {
  number: bigint;
  /** Seconds since 1970. */
  timestamp: bigint;
  hash: string;
  /** How many L2 blocks of the same L1 block came before. */
  sequenceNumber: bigint;
}

/** What an account signs to let the code at an address act for it (EIP-7702). */
export interface Authorization {
  /** The chain's id, or 0 for every chain. */
  chainId: ChainId;
  /** Where the code is: 20 bytes, or text. */
  address: Uint8Array | string;
  /** The account's nonce. */
  nonce: bigint | number;
}

/** An authorization with its signature. */
export interface SignedAuthorization extends Authorization {
  /** From 0 to 255, as on the wire; good ones are 0 and 1. */
  yParity: number;
  /** 32 bytes, 64 hex digits after `0x`, or a bigint. */
  r: Uint8Array | string | bigint;
  /** As `r`. */
  s: Uint8Array | string | bigint;
}

/** What every transaction has. Hashes, r and s are hex text of 32 bytes. */
interface AnyTransaction {
  hash: string;
  /** As EIP-55 text; null if no sound signature says. */
  sender: string | null;
  /** Why there is no sender. */
  senderError: ErrorCode | null;
  gas: bigint;
  /** Wei. */
  value: bigint;
  /** Call data, or the code that makes a contract. */
  input: Bytes;
}

interface SignedFields {
  nonce: bigint;
  /** What was signed. */
  signingHash: string;
  /** y_parity; of a legacy transaction 27 + y_parity or 35 + 2 · chain id + y_parity. */
  v: bigint;
  r: string;
  s: string;
}

interface AccessListFields {
  accessList: { address: string; storageKeys: string[] }[];
}

interface FeeFields {
  /** Wei per gas. */
  maxPriorityFeePerGas: bigint;
  /** Wei per gas. */
  maxFeePerGas: bigint;
}

/** A transaction from before EIP-2718. */
export interface LegacyTransaction extends AnyTransaction, SignedFields {
  type: 0;
  /** Null without EIP-155. */
  chainId: bigint | null;
  gasPrice: bigint;
  /** Null makes a contract. */
  to: string | null;
}

/** EIP-2930. */
export interface AccessListTransaction extends AnyTransaction, SignedFields, AccessListFields {
  type: 1;
  chainId: bigint;
  gasPrice: bigint;
  /** Null makes a contract. */
  to: string | null;
}

/** EIP-1559. */
export interface DynamicFeeTransaction
  extends AnyTransaction,
    SignedFields,
    AccessListFields,
    FeeFields {
  type: 2;
  chainId: bigint;
  /** Null makes a contract. */
  to: string | null;
}

/** EIP-4844. */
export interface BlobTransaction extends AnyTransaction, SignedFields, AccessListFields, FeeFields {
  type: 3;
  chainId: bigint;
  to: string;
  /** Wei per blob gas. */
  maxFeePerBlobGas: bigint;
  blobVersionedHashes: string[];
  /** The blobs, if they travel with it. That the proofs prove anything is not checked. */
  sidecar: {
    /** 0: a proof a blob; 1: cell proofs. */
    version: 0 | 1;
    blobs: Bytes[];
    commitments: string[];
    proofs: string[];
  } | null;
}

/** EIP-7702. */
export interface SetCodeTransaction
  extends AnyTransaction,
    SignedFields,
    AccessListFields,
    FeeFields {
  type: 4;
  chainId: bigint;
  to: string;
  authorizationList: {
    chainId: bigint;
    address: string;
    nonce: bigint;
    yParity: number;
    r: string;
    s: string;
    /** Who signed, as EIP-55 text; null if no sound signature says. */
    authority: string | null;
    authorityError: ErrorCode | null;
  }[];
}

/** A deposit of the OP Stack, which nobody signs. */
export interface DepositTransaction extends AnyTransaction {
  type: 126;
  sourceHash: string;
  from: string;
  /** Wei made for the sender. */
  mint: bigint;
  isSystem: boolean;
  /** Null makes a contract. */
  to: string | null;
}

/** A signed transaction, told apart by its `type`. */
export type Transaction =
  | LegacyTransaction
  | AccessListTransaction
  | DynamicFeeTransaction
  | BlobTransaction
  | SetCodeTransaction
  | DepositTransaction;

/** What verification and recovery are about. */
export type RecoverOptions = {
  /** The chain's id. */
  chainId: ChainId;
  /** Which signatures count as sound. By default `"strict"`. */
  rules?: Rules | undefined;
} & SignedPayload;

/** A signature and what it is over. Give the payload or its hash, not both. */
export type SignedPayload = {
  /** 65 bytes `r ‖ s ‖ y_parity`, or 130 hex digits with or without `0x`. */
  signature: Uint8Array | string;
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

/** What {@link verifyMany} takes. */
export interface VerifyManyOptions {
  /** The chain's id. */
  chainId: ChainId;
  /** The expected signer, as in {@link VerifyOptions}. */
  address: Uint8Array | string;
  /** Which signatures count as sound. By default `"strict"`. */
  rules?: Rules | undefined;
  /** What is checked. */
  signed: readonly SignedPayload[];
}

/** What became of one signature. */
export interface SignatureVerdict {
  /** Whether the address made it over this payload and chain. */
  valid: boolean;
  /** Why it is not sound; null if it is, be it somebody else's. */
  error: OpsignError | null;
}

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

/** The reasons of a verdict in op-node's order, the last one `accepted`. */
export const gossipReasons: readonly {
  readonly number: number;
  readonly name: GossipReason;
  readonly verdict: Verdict;
  /** One sentence. */
  readonly message: string;
  /** The topics that have this rule. */
  readonly topics: readonly Topic[];
}[];

/** Why opsign said no. The `message` says which value was wrong, and how. */
export class OpsignError extends Error {
  private constructor();
  readonly name: "OpsignError";
  /** What went wrong, for programs; of {@link decodeGossip} also the rule that was broken. */
  readonly code: ErrorCode | GossipReason;
  /** The code's number, the same in every language that opsign speaks. */
  readonly number: number;
}

/** The names of the errors. Those with `typed_data_` are thrown by `opsign/typed-data`. */
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
  /** 41 and 42: no such topic; no deposit that names an L1 block. */
  | "unknown_topic"
  | "not_l1_info"
  /** 50 to 55: not the RLP that it should be. */
  | "rlp_truncated"
  | "rlp_not_minimal"
  | "rlp_wrong_kind"
  | "rlp_wrong_length"
  | "rlp_too_large"
  | "rlp_trailing"
  /** 60: a type that is not known here. */
  | "transaction_type"
  /** 62: a v or y_parity that stands for none. */
  | "transaction_v"
  /** Of opsign's other packages; not thrown here. */
  | "secret_key_zero"
  | "secret_key_too_large"
  | "public_key_invalid"
  | "wrong_signer"
  | "snappy"
  | "deposit_not_signable"
  /** 230: the text is no JSON. */
  | "typed_data_json"
  /** 231: the text has more than 1 MiB. */
  | "typed_data_too_long"
  /** 232: lists and objects are nested too deep. */
  | "typed_data_too_deep"
  /** 233: there are too many types. */
  | "typed_data_too_many_types"
  /** 234: `types`, `primaryType`, `domain` or `message` has the wrong JSON type. */
  | "typed_data_shape"
  /** 235: a type or member has no name, or refers to itself or to no type. */
  | "typed_data_type"
  /** 236: the domain is missing or has no field. */
  | "typed_data_domain"
  /** 237: the data has more members than its type. */
  | "typed_data_extra"
  /** 238: a member or element is missing or null. */
  | "typed_data_missing"
  /** 239: a value does not fit its type. */
  | "typed_data_mismatch"
  /** 240: a value is no integer of at most 256 bits. */
  | "typed_data_integer"
  /** 241: an integer is too large or negative for its type. */
  | "typed_data_range";

/** The names of the rules that docs/gossip-rules.md describes, in op-node's order. */
export type GossipReason =
  | "snappy_length_invalid"
  | "message_too_large"
  | "message_too_small"
  | "snappy_corrupt"
  | "no_signer"
  | "signature_not_recoverable"
  | "signature_wrong_signer"
  | "ssz_envelope_too_short"
  | "ssz_too_short"
  | "ssz_extra_data_offset"
  | "ssz_transactions_offset_too_small"
  | "ssz_withdrawals_offset_too_small"
  | "ssz_withdrawals_offset_too_large"
  | "ssz_extra_data_too_long"
  | "ssz_transactions_too_short"
  | "ssz_first_transaction_unaligned"
  | "ssz_first_transaction_out_of_scope"
  | "ssz_first_transaction_zero"
  | "ssz_too_many_transactions"
  | "ssz_transaction_offset"
  | "ssz_withdrawals_length"
  | "ssz_too_many_withdrawals"
  | "timestamp_too_old"
  | "timestamp_too_new"
  | "block_hash_mismatch"
  | "withdrawals_not_empty"
  | "blob_gas_used_not_zero"
  | "excess_blob_gas_not_zero"
  | "too_many_blocks_at_height"
  | "already_seen"
  | "accepted";
