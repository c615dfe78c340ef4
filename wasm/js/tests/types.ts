// Every way to use the API, checked by tsc and never run. Wrong uses must fail to compile.
import {
  type Authorization,
  type Bytes,
  type ChainId,
  type ErrorCode,
  type ErrorEntry,
  type GossipConfig,
  type GossipMessage,
  type GossipReason,
  GossipValidator,
  type Judgement,
  type L1Info,
  OpsignError,
  type Payload,
  PayloadHasher,
  type RecoverOptions,
  type RuleResult,
  type Rules,
  type SignatureVerdict,
  type SignedPayload,
  type Topic,
  type Transaction,
  type Verdict,
  type VerifyManyOptions,
  type VerifyOptions,
  type WasmSource,
  authorizationSigner,
  authorizationHash,
  decodeGossip,
  l1InfoFromTransaction,
  decodeTransaction,
  errors,
  gossipReasons,
  init,
  payloadHash,
  payloadSigningHash,
  personalMessageHash,
  personalMessageSigner,
  recoverSigner,
  recoverSigningHash,
  transactionHash,
  transactionSender,
  verifyMany,
  verifyPayload,
  version,
} from "opsign";
import * as typedData from "opsign/typed-data";

const bytes = new Uint8Array(32);

// init
const loading: Promise<void> = init();
void loading;
void init(undefined);
void init(bytes);
void init(bytes.buffer);
void init(new DataView(bytes.buffer));
void init("https://example.org/opsign_bg.wasm");
void init(new URL("opsign_bg.wasm", "https://example.org/"));
void init(fetch("opsign_bg.wasm"));
void init(new Response());
void init(new WebAssembly.Module(bytes));
void init(WebAssembly.compile(bytes));
const source: WasmSource = bytes;
void init(source);
// @ts-expect-error no number
void init(1);
// @ts-expect-error no null
void init(null);
// @ts-expect-error no boolean
void init(true);

// payloadHash
const hash: Bytes = payloadHash(bytes);
const alsoBytes: Uint8Array = hash;
// What is returned may go where memory must not be shared.
void crypto.subtle.digest("SHA-256", hash);
void alsoBytes;
payloadHash([bytes, bytes]);
const pieces: readonly Uint8Array[] = [bytes];
const payload: Payload = pieces;
payloadHash(payload);
// @ts-expect-error no hex text
payloadHash("0x00");
// @ts-expect-error no ArrayBuffer
payloadHash(bytes.buffer);
// @ts-expect-error no array of numbers
payloadHash([1, 2, 3]);
// @ts-expect-error no argument
payloadHash();

// payloadSigningHash
const chainId: ChainId = 10n;
const signingHash: Bytes = payloadSigningHash(chainId, hash);
void signingHash;
payloadSigningHash(10, "0x00");
payloadSigningHash("0xa", hash);
// @ts-expect-error the hash is missing
payloadSigningHash(10);
// @ts-expect-error no bytes for a chain id
payloadSigningHash(bytes, hash);
// @ts-expect-error no boolean
payloadSigningHash(true, hash);

// verifyPayload, recoverSigner
const rules: Rules = "consensus";
const signed = { chainId, signature: "0x00", rules } as const;
const byHash: RecoverOptions = { ...signed, payloadHash: hash };
const byPayload: RecoverOptions = { ...signed, payload: bytes };
const expected: VerifyOptions = { ...byHash, address: "0x00" };
const valid: boolean = verifyPayload(expected);
void valid;
verifyPayload({ ...byPayload, address: bytes });
verifyPayload({ payload: [bytes], chainId: 10, signature: bytes, address: "0x00" });
verifyPayload({ payloadHash: "0x00", chainId: 10, signature: bytes, address: "0x00" });
verifyPayload({ payload: bytes, chainId: 10, signature: bytes, address: "0x00", rules: undefined });
const signer: string = recoverSigner(byHash);
void signer;
recoverSigner(byPayload);
recoverSigner(expected);
const signedPayload: SignedPayload = { payloadHash: "0x00", signature: bytes };
const several: VerifyManyOptions = { chainId: 10, address: bytes, signed: [signedPayload] };
const signatureVerdicts: SignatureVerdict[] = verifyMany(several);
const firstError: ErrorCode | GossipReason | undefined = signatureVerdicts[0]?.error?.code;
void firstError;
verifyMany({ chainId: 10n, address: "0x00", rules: "consensus", signed: [{ payload, signature: "" }] });
// @ts-expect-error a payload or its hash
verifyMany({ ...several, signed: [{ signature: bytes }] });
// @ts-expect-error not both
verifyMany({ ...several, signed: [{ payload: bytes, payloadHash: bytes, signature: bytes }] });
// @ts-expect-error both
recoverSigner({ ...signed, payload: bytes, payloadHash: hash });
// @ts-expect-error neither
recoverSigner(signed);
// @ts-expect-error no signature
recoverSigner({ payload: bytes, chainId: 10 });
// @ts-expect-error no chain id
recoverSigner({ payload: bytes, signature: bytes });
// @ts-expect-error no address
verifyPayload(byHash);
// @ts-expect-error no such rules
recoverSigner({ ...byHash, rules: "low-s" });
// @ts-expect-error a number is no address
verifyPayload({ ...byHash, address: 0 });
// @ts-expect-error no secret key: nothing is signed here
recoverSigner({ payload: bytes, chainId: 10, signature: bytes, secretKey: bytes });

// PayloadHasher
const hasher = new PayloadHasher();
hasher.update(bytes);
const finished: Bytes = hasher.finish();
void finished;
hasher.free();
// @ts-expect-error no text
hasher.update("0x00");
// @ts-expect-error one piece at a time
hasher.update([bytes]);
// @ts-expect-error takes nothing
new PayloadHasher(bytes);

// errors, version, OpsignError
const text: string = version;
void text;
const entries: readonly ErrorEntry[] = errors;
for (const { number, code, message } of entries) {
  const all: [number, ErrorCode, string] = [number, code, message];
  void all;
}
// @ts-expect-error read only
errors.push(errors[0]);
// @ts-expect-error read only
version = "1";
try {
  verifyPayload(expected);
} catch (error) {
  if (error instanceof OpsignError) {
    const name: "OpsignError" = error.name;
    const number: number = error.number;
    const message: string = error.message;
    void [name, number, message];
    switch (error.code) {
      case "wrong_type":
      case "signature_s_high":
        break;
      // @ts-expect-error no such code
      case "signature_s_hihg":
        break;
    }
  }
}
// @ts-expect-error callers make none
new OpsignError("wrong_type", 4, "");

// Transactions
const transaction: Transaction = decodeTransaction(bytes);
const sender: string | null = transaction.sender;
void sender;
if (transaction.type === 4) {
  for (const item of transaction.authorizationList) {
    const authority: string = authorizationSigner(item);
    void authority;
    authorizationHash(item);
  }
}
if (transaction.type === 3 && transaction.sidecar !== null) {
  const version: 0 | 1 = transaction.sidecar.version;
  void version;
}
// @ts-expect-error a deposit has no signature
if (transaction.type === 126) void transaction.r;
// @ts-expect-error no such type
if (transaction.type === 125) void transaction;
const transactionHashed: Bytes = transactionHash(bytes);
void transactionHashed;
const from: string = transactionSender(bytes);
void from;
// @ts-expect-error no hex text
decodeTransaction("0x00");
const authorization: Authorization = { chainId: 0, address: "0x00", nonce: 7n };
authorizationHash(authorization);
authorizationSigner({ ...authorization, yParity: 1, r: 1n, s: bytes });
// @ts-expect-error no signature
authorizationSigner(authorization);
// @ts-expect-error a number is no scalar
authorizationSigner({ ...authorization, yParity: 1, r: 1, s: bytes });

// Messages
const messageHash: Bytes = personalMessageHash("hello");
void messageHash;
personalMessageHash(bytes);
const writer: string = personalMessageSigner({ message: "hello", signature: bytes });
void writer;
personalMessageSigner({ message: bytes, signature: "0x00", rules: "consensus" });
recoverSigningHash({ signingHash: bytes, signature: "0x00", rules: undefined });
const typedDataHashed: Bytes = typedData.typedDataHash("{}");
void typedDataHashed;
typedData.typedDataHash(bytes);
const writerOfData: string = typedData.typedDataSigner({ json: "{}", signature: bytes });
void writerOfData;
typedData.typedDataSigner({ json: bytes, signature: "0x00", rules: "consensus" });
void typedData.init(fetch("https://example.org/typed_data_bg.wasm"));
// @ts-expect-error no number
void typedData.init(1);
const sameClass: typeof OpsignError = typedData.OpsignError;
void sameClass;
// @ts-expect-error the text, not an object that lost digits
typedData.typedDataHash({ types: {}, primaryType: "", domain: {}, message: {} });
// @ts-expect-error no signature
typedData.typedDataSigner({ json: "{}" });
// @ts-expect-error no message
personalMessageSigner({ signature: bytes });
// @ts-expect-error the message is not what was signed
recoverSigningHash({ message: "hello", signature: bytes });

// Gossip
const config: GossipConfig = { topic: "v4", chainId: 10, signer: "0x00", jovianTime: null };
const validator = new GossipValidator(config);
const judgement: Judgement = validator.validate(1_760_000_000, bytes);
validator.validate(1_760_000_000n, bytes);
const verdict: Verdict = judgement.verdict;
void verdict;
const reason: GossipReason = judgement.reason.name;
void reason;
const results: RuleResult[] = judgement.rules;
void results;
validator.setSigner(null);
validator.setPreviousSigner(bytes);
validator.free();
// @ts-expect-error no such topic
new GossipValidator({ topic: "v5", chainId: 10 });
// @ts-expect-error no chain
new GossipValidator({ topic: "v4" });
// @ts-expect-error the clock comes first
validator.validate(bytes);
const gossip: GossipMessage = decodeGossip({ topic: "v4", message: bytes });
const first: Bytes | undefined = gossip.block?.transactions[0];
void first;
const hashes = decodeGossip({ topic: "v4", message: bytes, transactions: "hashes" });
const firstHash: string | undefined = hashes.block?.transactions[0];
void firstHash;
// @ts-expect-error no hex text
decodeGossip({ topic: "v4", message: "0x00" });
// @ts-expect-error no such form
decodeGossip({ topic: "v4", message: bytes, transactions: "text" });
const origin: L1Info | null | undefined = gossip.block?.l1Info;
void origin;
l1InfoFromTransaction(bytes).number satisfies bigint;
for (const { number, name, topics } of gossipReasons) {
  const rule: [number, GossipReason, readonly Topic[]] = [number, name, topics];
  void rule;
}
// @ts-expect-error read only
gossipReasons.pop();
