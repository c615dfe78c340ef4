/*
 * opsign: signing hashes and recoverable secp256k1 signatures for OP Stack block payloads.
 *
 * Generated from ffi/src by scripts/header.sh. Do not edit.
 *
 * The contract of every function here:
 *
 * - The result is OPSIGN_OK (0), an opsign_error, for keys in files an opsign_error_key, or for typed
 *   data an opsign_error_typed_data. Any number not listed here is an error too.
 * - A pointer to N bytes may be read (In) or written (Out) for N bytes during the call, and is not
 *   kept after it. With a length of 0 an input pointer may be NULL; any other NULL gives
 *   OPSIGN_ERROR_NULL_POINTER.
 * - Outputs may overlap inputs. On failure an output is filled with zeroes (a handle: NULL); what
 *   is "also out" is left as it was.
 * - A place (opsign_span) is counted from the first byte of the input that it is in, and good for
 *   as long as those bytes are. A struct keeps its size for ever: later fields take the place of
 *   reserved bytes, which are zero until then.
 * - A handle must be freed once, by the function of its name, and not used after that.
 * - Functions may be called from any thread. A key may be used by several threads at a time, a
 *   hasher, a gossip memory and a verifier by one.
 * - Signing takes the same path and the same memory addresses for every key. Verification does
 *   not: everything it sees is public.
 * - Link the static library with: -lm -ldl -lpthread
 */


#ifndef OPSIGN_H
#define OPSIGN_H

#include <stddef.h>
#include <stdint.h>

// The call did what it says. Every other number is an `opsign_error`.
#define OPSIGN_OK 0

// Low s only and y_parity 0 or 1: what opsign makes.
#define OPSIGN_RULES_STRICT 0

// What op-node accepts (go-ethereum's SigToPub): high s too, recovery ids 0 to 3.
#define OPSIGN_RULES_CONSENSUS 1

// Bytes of a secret key.
#define OPSIGN_SECRET_KEY_LEN 32

// Bytes of a hash.
#define OPSIGN_HASH_LEN 32

// Bytes of a chain id, big-endian.
#define OPSIGN_CHAIN_ID_LEN 32

// Bytes of an address.
#define OPSIGN_ADDRESS_LEN 20

// Characters of an address as text, with the terminating NUL.
#define OPSIGN_ADDRESS_TEXT_LEN 43

// Bytes of a signature: r, s, y_parity.
#define OPSIGN_SIGNATURE_LEN 65

// From one hash of a list to the next: 32 bytes, and one of RLP in front of the next.
#define OPSIGN_HASH_STRIDE 33

// The type of a deposit, a transaction that L1 put into the block (OP Stack specification).
#define OPSIGN_TRANSACTION_DEPOSIT 126

// A timestamp that never comes.
#define OPSIGN_NEVER UINT64_MAX

// Drop the message and think less of its sender. Also what an output is after a failure.
#define OPSIGN_VERDICT_REJECT 0

// Drop the message.
#define OPSIGN_VERDICT_IGNORE 1

// Deliver and forward the message.
#define OPSIGN_VERDICT_ACCEPT 2

// The format of a key. What an output is after a failure: none of them.
#define OPSIGN_KEY_FORMAT_UNKNOWN 0

// 64 hex digits, with or without 0x.
#define OPSIGN_KEY_FORMAT_HEX 1

// 32 bytes, big-endian.
#define OPSIGN_KEY_FORMAT_RAW 2

// SEC 1 in PEM (RFC 5915).
#define OPSIGN_KEY_FORMAT_SEC1_PEM 3

// SEC 1 in DER.
#define OPSIGN_KEY_FORMAT_SEC1_DER 4

// PKCS#8 in PEM (RFC 5208, RFC 5958).
#define OPSIGN_KEY_FORMAT_PKCS8_PEM 5

// PKCS#8 in DER.
#define OPSIGN_KEY_FORMAT_PKCS8_DER 6

// An Ethereum keystore of version 3.
#define OPSIGN_KEY_FORMAT_KEYSTORE 7

// A mnemonic (BIP-39).
#define OPSIGN_KEY_FORMAT_MNEMONIC 8

// A keystore's scrypt as geth has it: N = 262144, r = 8, p = 1; 256 MiB and about a second.
#define OPSIGN_KDF_STANDARD 0

// The same with geth's --lightkdf: N = 4096, r = 8, p = 6; 4 MiB. A weak passphrase is guessed that
// much faster.
#define OPSIGN_KDF_LIGHT 1

// Bytes that suffice for every text that opsign_key_convert writes.
#define OPSIGN_KEY_TEXT_ROOM 1024

// From one signed payload of a list to the next: 32 bytes of its hash, 65 of its signature.
#define OPSIGN_SIGNED_LEN (OPSIGN_HASH_LEN + OPSIGN_SIGNATURE_LEN)

// What went wrong, by number. The numbers are frozen; retired ones stay reserved.
//
// `vectors/errors.json` pairs each with its name in every language.
enum opsign_error
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // A pointer that must not be NULL is NULL.
  OPSIGN_ERROR_NULL_POINTER = 1,
  // A handle is not a pointer that opsign gave out.
  OPSIGN_ERROR_MISALIGNED = 2,
  // The handle was closed before.
  OPSIGN_ERROR_CLOSED = 3,
  // A value has the wrong type.
  OPSIGN_ERROR_WRONG_TYPE = 4,
  // Init() must finish before the first call.
  OPSIGN_ERROR_NOT_INITIALISED = 5,
  // This build has no signing library: build with cgo enabled.
  OPSIGN_ERROR_UNAVAILABLE = 6,
  // A bug in opsign: please report it.
  OPSIGN_ERROR_INTERNAL = 9,
  // The value is empty.
  OPSIGN_ERROR_EMPTY = 10,
  // The value has too few bytes.
  OPSIGN_ERROR_TOO_SHORT = 11,
  // The value has too many bytes.
  OPSIGN_ERROR_TOO_LONG = 12,
  // The hex text must start with 0x.
  OPSIGN_ERROR_HEX_PREFIX = 13,
  // The hex text has an odd number of digits.
  OPSIGN_ERROR_HEX_ODD_LENGTH = 14,
  // The text has a character that is no hex digit.
  OPSIGN_ERROR_HEX_DIGIT = 15,
  // The secret key is zero.
  OPSIGN_ERROR_SECRET_KEY_ZERO = 20,
  // The secret key is not below the group order.
  OPSIGN_ERROR_SECRET_KEY_TOO_LARGE = 21,
  // The public key is no SEC 1 point of the curve.
  OPSIGN_ERROR_PUBLIC_KEY_INVALID = 22,
  // The address fails its EIP-55 checksum.
  OPSIGN_ERROR_ADDRESS_CHECKSUM = 23,
  // The chain id has a character that is no digit.
  OPSIGN_ERROR_CHAIN_ID_DIGIT = 24,
  // The chain id does not fit 256 bits.
  OPSIGN_ERROR_CHAIN_ID_TOO_LARGE = 25,
  // The signature's r is zero.
  OPSIGN_ERROR_SIGNATURE_R_ZERO = 30,
  // The signature's r is not below the group order.
  OPSIGN_ERROR_SIGNATURE_R_TOO_LARGE = 31,
  // The signature's s is zero.
  OPSIGN_ERROR_SIGNATURE_S_ZERO = 32,
  // The signature's s is not below the group order.
  OPSIGN_ERROR_SIGNATURE_S_TOO_LARGE = 33,
  // The signature's s is in the upper half.
  OPSIGN_ERROR_SIGNATURE_S_HIGH = 34,
  // The signature's last byte is no y_parity.
  OPSIGN_ERROR_SIGNATURE_Y_PARITY = 35,
  // No public key belongs to this signature and hash.
  OPSIGN_ERROR_SIGNATURE_NOT_RECOVERABLE = 36,
  // The signature was made by another key.
  OPSIGN_ERROR_WRONG_SIGNER = 37,
  // The message is not in the snappy block format. Retired: a gossip reason says it.
  OPSIGN_ERROR_SNAPPY = 40,
  // No gossip topic has that name: use v1, v2, v3 or v4.
  OPSIGN_ERROR_UNKNOWN_TOPIC = 41,
  // The transaction does not carry L1's block.
  OPSIGN_ERROR_NOT_L1_INFO = 42,
  // The bytes end too early.
  OPSIGN_ERROR_RLP_TRUNCATED = 50,
  // A number or length is written longer than it needs.
  OPSIGN_ERROR_RLP_NOT_MINIMAL = 51,
  // A list stands where bytes belong, or bytes where a list belongs.
  OPSIGN_ERROR_RLP_WRONG_KIND = 52,
  // A part has the wrong number of bytes.
  OPSIGN_ERROR_RLP_WRONG_LENGTH = 53,
  // A number has too many bits.
  OPSIGN_ERROR_RLP_TOO_LARGE = 54,
  // There are bytes after the end.
  OPSIGN_ERROR_RLP_TRAILING = 55,
  // No transaction type has this number.
  OPSIGN_ERROR_TRANSACTION_TYPE = 60,
  // A deposit is not signed: L1 vouches for it.
  OPSIGN_ERROR_DEPOSIT_NOT_SIGNABLE = 61,
  // V or y_parity stands for no y_parity.
  OPSIGN_ERROR_TRANSACTION_V = 62,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum opsign_error opsign_error;
#else
typedef int32_t opsign_error;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// What kind of thing went wrong. The numbers are frozen; `vectors/errors.json` lists them.
enum opsign_error_key
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // The input is in none of the formats that are read.
  OPSIGN_ERROR_KEY_FORMAT_UNKNOWN = 200,
  // The input has more than 64 KiB.
  OPSIGN_ERROR_KEY_TOO_LARGE = 201,
  // The hex text has another number of digits than 64, or a character that is no digit.
  OPSIGN_ERROR_KEY_HEX_MALFORMED = 202,
  // The PEM frame or its base64 is damaged.
  OPSIGN_ERROR_KEY_PEM_MALFORMED = 203,
  // The DER bytes, in a PEM or bare, are no SEC 1 or PKCS#8 key.
  OPSIGN_ERROR_KEY_DER_MALFORMED = 204,
  // The key is on another curve than secp256k1, or names none.
  OPSIGN_ERROR_KEY_WRONG_CURVE = 205,
  // The public key that the file holds is not the secret key's.
  OPSIGN_ERROR_KEY_PUBLIC_KEY_MISMATCH = 206,
  // The PEM or DER is encrypted, which only keystores may be.
  OPSIGN_ERROR_KEY_ENCRYPTED = 207,
  // The secret key is zero or not below the group order.
  OPSIGN_ERROR_KEY_SECRET_OUT_OF_RANGE = 208,
  // A keystore needs a passphrase, and none was given.
  OPSIGN_ERROR_KEY_PASSPHRASE_MISSING = 209,
  // The passphrase is not this keystore's, or the keystore was altered.
  OPSIGN_ERROR_KEY_PASSPHRASE_WRONG = 210,
  // The passphrase is no UTF-8 text.
  OPSIGN_ERROR_KEY_PASSPHRASE_MALFORMED = 211,
  // The keystore is no JSON, or lacks something, or holds something of the wrong shape.
  OPSIGN_ERROR_KEY_KEYSTORE_MALFORMED = 212,
  // The keystore is of another version than 3.
  OPSIGN_ERROR_KEY_KEYSTORE_VERSION = 213,
  // The keystore's key derivation function is not known.
  OPSIGN_ERROR_KEY_KDF_UNSUPPORTED = 214,
  // The keystore asks for more memory or work than is allowed.
  OPSIGN_ERROR_KEY_KDF_TOO_COSTLY = 215,
  // The keystore's cipher is not known.
  OPSIGN_ERROR_KEY_CIPHER_UNSUPPORTED = 216,
  // The keystore names an address that is not the key's.
  OPSIGN_ERROR_KEY_ADDRESS_MISMATCH = 217,
  // The mnemonic has another number of words than 12, 15, 18, 21 or 24.
  OPSIGN_ERROR_KEY_MNEMONIC_LENGTH = 218,
  // A word of the mnemonic is not in the word list.
  OPSIGN_ERROR_KEY_MNEMONIC_WORD = 219,
  // All the words are known, but the mnemonic's checksum is wrong.
  OPSIGN_ERROR_KEY_MNEMONIC_CHECKSUM = 220,
  // The derivation path is not of the form `m/44'/60'/0'/0/0`.
  OPSIGN_ERROR_KEY_PATH_MALFORMED = 221,
  // A passphrase or path was given that this format has no use for.
  OPSIGN_ERROR_KEY_OPTION_UNUSED = 222,
  // The source of random numbers failed.
  OPSIGN_ERROR_KEY_RANDOMNESS = 223,
  // A value that a program gave has the wrong length or range.
  OPSIGN_ERROR_KEY_INPUT = 224,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum opsign_error_key opsign_error_key;
#else
typedef int32_t opsign_error_key;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// What kind of thing is wrong. The numbers are frozen; `vectors/errors.json` lists them.
enum opsign_error_typed_data
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // The text is no JSON.
  OPSIGN_ERROR_TYPED_DATA_JSON = 230,
  // The text has more than 1 MiB.
  OPSIGN_ERROR_TYPED_DATA_TOO_LONG = 231,
  // Lists and objects are nested too deep.
  OPSIGN_ERROR_TYPED_DATA_TOO_DEEP = 232,
  // There are too many types.
  OPSIGN_ERROR_TYPED_DATA_TOO_MANY_TYPES = 233,
  // Types, primaryType, domain or message has the wrong JSON type.
  OPSIGN_ERROR_TYPED_DATA_SHAPE = 234,
  // A type or member has no name, or refers to itself or to no type.
  OPSIGN_ERROR_TYPED_DATA_TYPE = 235,
  // The domain is missing or has no field.
  OPSIGN_ERROR_TYPED_DATA_DOMAIN = 236,
  // The data has more members than its type.
  OPSIGN_ERROR_TYPED_DATA_EXTRA = 237,
  // A member or element is missing or null.
  OPSIGN_ERROR_TYPED_DATA_MISSING = 238,
  // A value does not fit its type.
  OPSIGN_ERROR_TYPED_DATA_MISMATCH = 239,
  // A value is no integer of at most 256 bits.
  OPSIGN_ERROR_TYPED_DATA_INTEGER = 240,
  // An integer is too large or negative for its type.
  OPSIGN_ERROR_TYPED_DATA_RANGE = 241,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum opsign_error_typed_data opsign_error_typed_data;
#else
typedef int32_t opsign_error_typed_data;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// What a validator remembers, one for each topic: blocks it accepted and the signer's key. One thread
// at a time.
typedef struct opsign_gossip_memory opsign_gossip_memory;

// A payload hash in the making. One thread at a time.
typedef struct opsign_payload_hasher opsign_payload_hasher;

// A secret key. Wiped when freed. Any number of threads may use one at a time.
typedef struct opsign_secret_key opsign_secret_key;

// Checks signatures of one address. One thread at a time.
typedef struct opsign_verifier opsign_verifier;

// What op-node's gossip rules need to know besides the message.
typedef struct {
  // The topic's version, 1 to 4.
  int32_t topic;
  // The chain, big-endian.
  uint8_t chain_id[32];
  // The signer that L1 names; zeroes: none.
  uint8_t signer[20];
  // The signer before it, while messages of both are good; zeroes: none.
  uint8_t previous_signer[20];
  // From when Jovian is active, in seconds since 1970; OPSIGN_NEVER: never.
  uint64_t jovian_time;
  // How many seconds old a block may be; 60 in op-node.
  uint64_t max_age;
} opsign_gossip_config;

// What became of a gossip message.
typedef struct {
  // OPSIGN_VERDICT_...
  int32_t verdict;
  // Which rule decided; opsign_gossip_reason_name tells its name.
  int32_t reason;
  // Who signed; zeroes if the signature was not sound.
  uint8_t signer[20];
  // The block's hash as it claims; zeroes if the block was not well formed.
  uint8_t block_hash[32];
  // Zeroes.
  uint8_t reserved[4];
  // The block's number; 0 if the block was not well formed.
  uint64_t block_number;
} opsign_judgement;

// A part of the bytes that a call was given.
typedef struct {
  // Where it begins, counted from the first of those bytes; 0 if it is empty.
  uint64_t offset;
  // How many bytes it has.
  uint64_t length;
} opsign_span;

// The L1 block that an L2 block builds on (its L1 origin); 56 bytes.
typedef struct {
  // The L1 origin's number.
  uint64_t number;
  // The L1 origin's time, in seconds since 1970.
  uint64_t timestamp;
  // How many L2 blocks of the same L1 origin came before this one.
  uint64_t sequence_number;
  // The L1 origin's hash.
  uint8_t hash[32];
} opsign_l1_info;

// What a gossip message says; 640 bytes. Nothing of it is checked but its form: see
// opsign_gossip_validate. What the topic does not have is zero.
typedef struct {
  // The 65 signature bytes as they came.
  uint8_t signature[65];
  // 1 on topics 3 and 4: parent_beacon_block_root says something.
  uint8_t has_parent_beacon_block_root;
  // 1 on topics 3 and 4: blob_gas_used and excess_blob_gas say something.
  uint8_t has_blob_gas;
  // 1 on topic 4: withdrawals_root says something.
  uint8_t has_withdrawals_root;
  // 1 if the first transaction is a deposit that carries L1's block.
  uint8_t has_l1_info;
  // Zeroes.
  uint8_t reserved_flags[3];
  // The block's number.
  uint64_t number;
  // Seconds since 1970.
  uint64_t timestamp;
  // The most gas the block may use.
  uint64_t gas_limit;
  // Gas that it used.
  uint64_t gas_used;
  // Blob gas that it used; from Jovian on, its data availability footprint.
  uint64_t blob_gas_used;
  // Excess blob gas.
  uint64_t excess_blob_gas;
  // How many places opsign_gossip_transactions gives.
  uint64_t transaction_count;
  // How many withdrawals; op-node takes none.
  uint64_t withdrawal_count;
  // What the signature covers; opsign_payload_hash takes it.
  opsign_span payload;
  // Up to 32 bytes.
  opsign_span extra_data;
  // The logs' bloom filter, 256 bytes.
  opsign_span logs_bloom;
  // The L1 origin.
  opsign_l1_info l1_info;
  // The parent beacon block's root.
  uint8_t parent_beacon_block_root[32];
  // The parent's block hash.
  uint8_t parent_hash[32];
  // The state's root after the block.
  uint8_t state_root[32];
  // The receipts' root.
  uint8_t receipts_root[32];
  // The previous RANDAO mix.
  uint8_t prev_randao[32];
  // Wei per gas, big-endian.
  uint8_t base_fee_per_gas[32];
  // The block's hash, as it claims.
  uint8_t block_hash[32];
  // The block's hash, from its contents.
  uint8_t computed_block_hash[32];
  // The root of the message passer's storage.
  uint8_t withdrawals_root[32];
  // Who gets the fees.
  uint8_t fee_recipient[20];
  // Zeroes, for fields of later versions.
  uint8_t reserved[92];
} opsign_gossip_block;

// A key in a file, and what opens it.
typedef struct {
  // The contents of the file.
  const uint8_t *bytes;
  // How many bytes.
  size_t len;
  // The passphrase of a keystore or mnemonic, UTF-8, no NUL needed; NULL: none.
  const char *passphrase;
  // How many bytes; with 0 and a passphrase that is not NULL it is the empty one.
  size_t passphrase_len;
  // Which key of a mnemonic, such as m/44'/60'/0'/0/0, which is the default; NULL: not given.
  const char *hd_path;
  // How many characters.
  size_t hd_path_len;
} opsign_key_input;

// How a key is to be written.
typedef struct {
  // OPSIGN_KEY_FORMAT_HEX, _SEC1_PEM, _PKCS8_PEM or _KEYSTORE.
  int32_t format;
  // OPSIGN_KDF_STANDARD or OPSIGN_KDF_LIGHT, for keystores only.
  int32_t kdf;
  // The passphrase of a keystore, UTF-8, no NUL needed; NULL for the other formats.
  const char *passphrase;
  // How many bytes.
  size_t passphrase_len;
} opsign_key_output;

// Hashes in the bytes that a call was given, OPSIGN_HASH_STRIDE bytes apart.
typedef struct {
  // Where the first begins, counted from the first of those bytes; 0 if there is none.
  uint64_t offset;
  // How many hashes there are.
  uint64_t count;
} opsign_hash_span;

// What a signed transaction says; 640 bytes. A number has 32 bytes, big-endian, or is a uint64_t.
// What the type does not have is zero.
typedef struct {
  // The EIP-2718 type: 0 legacy, 1 EIP-2930, 2 EIP-1559, 3 EIP-4844, 4 EIP-7702, or
  // OPSIGN_TRANSACTION_DEPOSIT.
  int32_t kind;
  // 1 if chain_id says something: not for deposits and legacy transactions before EIP-155.
  uint8_t has_chain_id;
  // 1 if there is a receiver; a transaction without one makes a contract.
  uint8_t has_to;
  // 1 if a blob transaction travels with its blobs.
  uint8_t has_sidecar;
  // 0: a proof per blob (EIP-4844); 1: cell proofs (EIP-7594).
  uint8_t sidecar_version;
  // 1 if a deposit uses none of the block's gas (before Regolith).
  uint8_t is_system;
  // Zeroes.
  uint8_t reserved_flags[7];
  // The sender's count of transactions before this one.
  uint64_t nonce;
  // The most gas it may use.
  uint64_t gas;
  // The chain.
  uint8_t chain_id[32];
  // Wei per gas, of types 0 and 1.
  uint8_t gas_price[32];
  // Wei per gas for whoever includes it, from type 2 on.
  uint8_t max_priority_fee_per_gas[32];
  // Wei per gas at the most, from type 2 on.
  uint8_t max_fee_per_gas[32];
  // Wei per blob gas at the most, of type 3.
  uint8_t max_fee_per_blob_gas[32];
  // Wei.
  uint8_t value[32];
  // The receiver.
  uint8_t to[20];
  // A deposit's sender; opsign_transaction_sender tells that of every type.
  uint8_t from[20];
  // Where on L1 a deposit came from.
  uint8_t source_hash[32];
  // Wei that a deposit creates for its sender.
  uint8_t mint[32];
  // y_parity; 27 and 28, or 35 and more with a chain id (EIP-155), of type 0. Not checked.
  uint8_t v[32];
  // The signature's r. Not checked.
  uint8_t r[32];
  // The signature's s. Not checked.
  uint8_t s[32];
  // Call data, or the code that makes a contract.
  opsign_span input;
  // The versioned hashes of its blobs, of type 3.
  opsign_hash_span blob_versioned_hashes;
  // How many items opsign_transaction_access_list gives.
  uint64_t access_list_count;
  // How many opsign_transaction_authorizations gives, of type 4.
  uint64_t authorization_count;
  // How many blobs, of 131072 bytes, travel with it.
  uint64_t blob_count;
  // How many KZG commitments, of 48 bytes, travel with it.
  uint64_t commitment_count;
  // How many KZG proofs, of 48 bytes, travel with it.
  uint64_t proof_count;
  // Zeroes, for fields of later versions.
  uint8_t reserved[144];
} opsign_transaction;

// An account that a transaction will touch (EIP-2930); 40 bytes.
typedef struct {
  // The account.
  uint8_t address[20];
  // Zeroes.
  uint8_t reserved[4];
  // Slots of its storage.
  opsign_hash_span storage_keys;
} opsign_access_item;

// An authorization of a transaction (EIP-7702); 128 bytes.
typedef struct {
  // The chain, or zeroes for every chain.
  uint8_t chain_id[32];
  // Where the code is; zeroes take it away.
  uint8_t code_address[20];
  // r, s, y_parity. Not checked: opsign_authorization_signer does.
  uint8_t signature[65];
  // Zeroes.
  uint8_t reserved[3];
  // The account's nonce.
  uint64_t nonce;
} opsign_signed_authorization;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The version of this library, such as "0.1.0".
//
// Returns: a string that lives for ever.
const char *opsign_version(void);

// The name of a number that a call returned, such as "signature_s_high".
//
// Returns: a string that lives for ever; "ok" for 0, "unknown" for a number not in use.
const char *opsign_error_name(int32_t error);

// One sentence about a number that a call returned.
//
// Returns: a string that lives for ever.
const char *opsign_error_message(int32_t error);

// Takes a secret key: a big-endian scalar from 1 to n - 1. The caller wipes its own copy.
//
// Returns: OPSIGN_OK, or _EMPTY, _TOO_SHORT, _TOO_LONG, _SECRET_KEY_ZERO, _SECRET_KEY_TOO_LARGE.
// Out: key, to be freed with opsign_secret_key_free; NULL on failure.
// In: bytes, len of them: 32.
int32_t opsign_secret_key_from_bytes(opsign_secret_key **key,
                                     const uint8_t *bytes,
                                     size_t len);

// Wipes and frees a secret key. NULL is fine.
void opsign_secret_key_free(opsign_secret_key *key);

// The address of a secret key.
//
// Returns: OPSIGN_OK. Out: address, 20 bytes. In: key.
int32_t opsign_secret_key_address(const opsign_secret_key *key, uint8_t (*address)[20]);

// Signs a block payload, given its hash: r, s (low), y_parity over
// keccak256(zero32, chain_id, payload_hash), with an RFC 6979 nonce.
//
// Returns: OPSIGN_OK, or _SIGNATURE_NOT_RECOVERABLE (odds of 2^-128).
// Out: signature, 65 bytes. In: key; chain_id, 32 bytes big-endian; payload_hash, 32 bytes.
int32_t opsign_secret_key_sign_payload(const opsign_secret_key *key,
                                       const uint8_t *chain_id,
                                       const uint8_t *payload_hash,
                                       uint8_t (*signature)[65]);

// Reads a chain id from text, decimal or hex after 0x.
//
// Returns: OPSIGN_OK, or _EMPTY, _CHAIN_ID_DIGIT, _CHAIN_ID_TOO_LARGE.
// Out: chain_id, 32 bytes big-endian. In: text, len characters, no NUL needed.
int32_t opsign_chain_id_from_text(const char *text, size_t len, uint8_t (*chain_id)[32]);

// Reads an address from text: 0x and 40 digits; mixed case must carry the EIP-55 checksum.
//
// Returns: OPSIGN_OK, or _EMPTY, _HEX_PREFIX, _HEX_ODD_LENGTH, _TOO_SHORT, _TOO_LONG, _HEX_DIGIT,
// _ADDRESS_CHECKSUM. Out: address, 20 bytes. In: text, len characters, no NUL needed.
int32_t opsign_address_from_text(const char *text,
                                 size_t len,
                                 uint8_t (*address)[20]);

// Writes an address as text with its EIP-55 checksum and a terminating NUL.
//
// Returns: OPSIGN_OK. Out: text, 43 characters. In: address, 20 bytes.
int32_t opsign_address_to_text(const uint8_t *address, char (*text)[43]);

// Hashes a payload that is in one piece.
//
// Returns: OPSIGN_OK. Out: payload_hash, 32 bytes. In: payload, len bytes.
int32_t opsign_payload_hash(const uint8_t *payload, size_t len, uint8_t (*payload_hash)[32]);

// Starts the hash of a payload that comes in pieces.
//
// Returns: OPSIGN_OK.
// Out: hasher, to be freed with opsign_payload_hasher_free; NULL on failure.
int32_t opsign_payload_hasher_new(opsign_payload_hasher **hasher);

// Takes the next piece of the payload.
//
// Returns: OPSIGN_OK. In: hasher; piece, len bytes.
int32_t opsign_payload_hasher_update(opsign_payload_hasher *hasher,
                                     const uint8_t *piece,
                                     size_t len);

// The hash of the pieces so far. The hasher then starts anew.
//
// Returns: OPSIGN_OK. Out: payload_hash, 32 bytes. In: hasher.
int32_t opsign_payload_hasher_finish(opsign_payload_hasher *hasher,
                                     uint8_t (*payload_hash)[32]);

// Frees a hasher. NULL is fine.
void opsign_payload_hasher_free(opsign_payload_hasher *hasher);

// What a sequencer signs: keccak256(zero32, chain_id, payload_hash).
//
// Returns: OPSIGN_OK. Out: signing_hash, 32 bytes.
// In: chain_id, 32 bytes big-endian; payload_hash, 32 bytes.
int32_t opsign_payload_signing_hash(const uint8_t *chain_id,
                                    const uint8_t *payload_hash,
                                    uint8_t (*signing_hash)[32]);

// The address that signed a block payload.
//
// Returns: OPSIGN_OK, or one of the _SIGNATURE errors, _EMPTY, _TOO_SHORT, _TOO_LONG.
// Out: address, 20 bytes.
// In: chain_id, 32 bytes big-endian; payload_hash, 32 bytes; signature, signature_len bytes (65);
// rules, OPSIGN_RULES_STRICT or OPSIGN_RULES_CONSENSUS (_WRONG_TYPE otherwise).
int32_t opsign_recover_signer(const uint8_t *chain_id,
                              const uint8_t *payload_hash,
                              const uint8_t *signature,
                              size_t signature_len,
                              int32_t rules,
                              uint8_t (*address)[20]);

// Checks that an address signed a block payload.
//
// Returns: OPSIGN_OK if it did, _WRONG_SIGNER if another key did, or what
// opsign_recover_signer returns.
// In: as opsign_recover_signer; address, 20 bytes.
int32_t opsign_verify_payload(const uint8_t *chain_id,
                              const uint8_t *payload_hash,
                              const uint8_t *signature,
                              size_t signature_len,
                              int32_t rules,
                              const uint8_t *address);

// The hash of a signed transaction in its network form.
//
// Returns: OPSIGN_OK, or one of the _RLP errors, _TRANSACTION_TYPE, _EMPTY.
// Out: hash, 32 bytes. In: transaction, len bytes.
int32_t opsign_transaction_hash(const uint8_t *transaction, size_t len, uint8_t (*hash)[32]);

// Who sent a signed transaction.
//
// Returns: OPSIGN_OK, or what opsign_transaction_hash returns, _TRANSACTION_V, one of the
// _SIGNATURE errors (a high s is refused).
// Out: address, 20 bytes. In: transaction, len bytes.
int32_t opsign_transaction_sender(const uint8_t *transaction,
                                  size_t len,
                                  uint8_t (*address)[20]);

// Signs a transaction, given without its signature: the very bytes whose hash is signed.
//
// Returns: OPSIGN_OK, or what opsign_transaction_hash returns, _DEPOSIT_NOT_SIGNABLE,
// _CHAIN_ID_TOO_LARGE, _TOO_SHORT if room is less than the signed transaction needs (len and 80
// bytes suffice).
// Out: signed_len, the bytes written to signed_transaction; 0 on failure.
// Also out: signed_transaction, room bytes. In: key; transaction, len bytes.
int32_t opsign_secret_key_sign_transaction(const opsign_secret_key *key,
                                           const uint8_t *transaction,
                                           size_t len,
                                           uint8_t *signed_transaction,
                                           size_t room,
                                           size_t *signed_len);

// The hash of a message for people (EIP-191), as wallets sign it.
//
// Returns: OPSIGN_OK. Out: hash, 32 bytes. In: message, len bytes.
int32_t opsign_personal_message_hash(const uint8_t *message, size_t len, uint8_t (*hash)[32]);

// Signs a message for people (EIP-191): r, s (low), y_parity. Wallets write 27 + y_parity.
//
// Returns: OPSIGN_OK. Out: signature, 65 bytes. In: key; message, len bytes.
int32_t opsign_secret_key_sign_personal_message(const opsign_secret_key *key,
                                                const uint8_t *message,
                                                size_t len,
                                                uint8_t (*signature)[65]);

// Who signed a message for people (EIP-191).
//
// Returns: OPSIGN_OK, or _EMPTY, _TOO_SHORT, _TOO_LONG, one of the _SIGNATURE errors (a high s is
// refused). Out: address, 20 bytes. In: message, len bytes; signature, signature_len bytes: 65,
// the last of them y_parity or 27 + y_parity.
int32_t opsign_personal_message_signer(const uint8_t *message,
                                       size_t len,
                                       const uint8_t *signature,
                                       size_t signature_len,
                                       uint8_t (*address)[20]);

// Starts a memory for opsign_gossip_validate, about 480 KB.
//
// Returns: OPSIGN_OK.
// Out: memory, to be freed with opsign_gossip_memory_free; NULL on failure.
int32_t opsign_gossip_memory_new(opsign_gossip_memory **memory);

// Frees a memory. NULL is fine.
void opsign_gossip_memory_free(opsign_gossip_memory *memory);

// Judges a gossip message as op-node does, rule by rule.
//
// Returns: OPSIGN_OK whatever the verdict; _UNKNOWN_TOPIC if config names none.
// Out: judgement. In: config; now, in whole seconds since 1970; message, len bytes, compressed;
// memory, which is asked about the block and told of it if everything else is right.
int32_t opsign_gossip_validate(const opsign_gossip_config *config,
                               uint64_t now,
                               const uint8_t *message,
                               size_t len,
                               opsign_gossip_memory *memory,
                               opsign_judgement *judgement);

// The name of a reason, such as "timestamp_too_old".
//
// Returns: a string that lives for ever; "unknown" for a number not in use.
const char *opsign_gossip_reason_name(int32_t reason);

// What an account signs to let code act for it (EIP-7702):
// keccak256(5, rlp([chain_id, code_address, nonce])).
//
// Returns: OPSIGN_OK. Out: hash, 32 bytes.
// In: chain_id, 32 bytes big-endian, zeroes for every chain; code_address, 20 bytes, zeroes to take
// the code away; nonce, the account's.
int32_t opsign_authorization_hash(const uint8_t *chain_id,
                                  const uint8_t *code_address,
                                  uint64_t nonce,
                                  uint8_t (*hash)[32]);

// Signs an authorization (EIP-7702): r, s (low), y_parity.
//
// Returns: OPSIGN_OK, or _SIGNATURE_NOT_RECOVERABLE (odds of 2^-128).
// Out: signature, 65 bytes. In: key; the rest as opsign_authorization_hash.
int32_t opsign_secret_key_sign_authorization(const opsign_secret_key *key,
                                             const uint8_t *chain_id,
                                             const uint8_t *code_address,
                                             uint64_t nonce,
                                             uint8_t (*signature)[65]);

// The account that gave an authorization (EIP-7702). A high s is refused, as the EIP has it.
//
// Returns: OPSIGN_OK, or one of the _SIGNATURE errors, _EMPTY, _TOO_SHORT, _TOO_LONG.
// Out: address, 20 bytes. In: signature, signature_len bytes (65); the rest as
// opsign_authorization_hash.
int32_t opsign_authorization_signer(const uint8_t *chain_id,
                                    const uint8_t *code_address,
                                    uint64_t nonce,
                                    const uint8_t *signature,
                                    size_t signature_len,
                                    uint8_t (*address)[20]);

// How long a gossip message is when it is decompressed, found before any of it is looked at.
//
// Returns: OPSIGN_OK, or a reason (opsign_gossip_reason_name).
// Out: data_len, at most 10 MiB. In: message, len bytes, compressed.
int32_t opsign_gossip_decompressed_len(const uint8_t *message, size_t len, size_t *data_len);

// Decompresses a gossip message.
//
// Returns: OPSIGN_OK, or a reason (opsign_gossip_reason_name), or _TOO_SHORT if room is less than
// opsign_gossip_decompressed_len says.
// Out: data_len, the bytes written to data; 0 on failure. Also out: data, room bytes.
// In: message, len bytes, compressed.
int32_t opsign_gossip_decompress(const uint8_t *message,
                                 size_t len,
                                 uint8_t *data,
                                 size_t room,
                                 size_t *data_len);

// Reads a decompressed gossip message.
//
// Returns: OPSIGN_OK, or _UNKNOWN_TOPIC, _TOO_SHORT, _TOO_LONG, or the reason why it is no block
// (opsign_gossip_reason_name).
// Out: block, whose places are in data. In: topic, 1 to 4; data, len bytes, from
// opsign_gossip_decompress.
int32_t opsign_gossip_decode(int32_t topic,
                             const uint8_t *data,
                             size_t len,
                             opsign_gossip_block *block);

// Places of a block's transactions, from the one numbered first (0 is the first of all) on, as
// many as there are and there is room for. Nothing says that what is there is a transaction.
//
// Returns: OPSIGN_OK, or what opsign_gossip_decode returns.
// Out: written, how many places were written; 0 on failure.
// Also out: places, room of them; they are in data. In: topic, data and len, as
// opsign_gossip_decode.
int32_t opsign_gossip_transactions(int32_t topic,
                                   const uint8_t *data,
                                   size_t len,
                                   size_t first,
                                   opsign_span *places,
                                   size_t room,
                                   size_t *written);

// Reads the L1 origin from a block's first transaction.
//
// Returns: OPSIGN_OK, or what opsign_transaction_hash returns, _NOT_L1_INFO.
// Out: info. In: transaction, len bytes.
int32_t opsign_l1_info_from_transaction(const uint8_t *transaction,
                                        size_t len,
                                        opsign_l1_info *info);

// Says in which format a key is, without opening it.
//
// Returns: OPSIGN_OK, or _KEY_FORMAT_UNKNOWN, _KEY_TOO_LARGE, _KEY_ENCRYPTED, _KEY_PEM_MALFORMED,
// _KEY_DER_MALFORMED, _KEY_WRONG_CURVE.
// Out: format, OPSIGN_KEY_FORMAT_... In: bytes, len of them.
int32_t opsign_key_recognise(const uint8_t *bytes,
                             size_t len,
                             int32_t *format);

// The name of a format, such as "sec1_pem".
//
// Returns: a string that lives for ever; "unknown" for a number not in use.
const char *opsign_key_format_name(int32_t format);

// Reads a secret key in any format. A keystore takes the time and memory that it asks for, up to
// 1 GiB and some ten seconds. The caller wipes the input and the passphrase.
//
// Returns: OPSIGN_OK, or what opsign_key_recognise returns, or one of the other _KEY errors. A
// passphrase or path that the format has no use for is _KEY_OPTION_UNUSED.
// Out: key, to be freed with opsign_secret_key_free; NULL on failure. In: input.
int32_t opsign_secret_key_read(opsign_secret_key **key,
                               const opsign_key_input *input);

// Writes a secret key in another format: text for a new file of mode 0600. A key handle cannot be
// written out, only what it was read from; 32 random bytes are a key in the format raw.
//
// Returns: OPSIGN_OK, or what opsign_secret_key_read returns; _WRONG_TYPE if output has a format
// that is not written or a kdf that is none; _TOO_SHORT if there is not room enough;
// _KEY_OPTION_UNUSED for a passphrase that the format has no use for; _KEY_PASSPHRASE_MISSING for a
// keystore without one.
// Out: text_len, the bytes written to text, without a NUL; 0 on failure.
// Also out: text, room bytes: OPSIGN_KEY_TEXT_ROOM suffice. In: input; output.
int32_t opsign_key_convert(const opsign_key_input *input,
                           const opsign_key_output *output,
                           uint8_t *text,
                           size_t room,
                           size_t *text_len);

// Reads a signed transaction in its network form, of any type, deposits too. The signature is not
// checked: opsign_transaction_sender does.
//
// Returns: OPSIGN_OK, or what opsign_transaction_hash returns.
// Out: fields, whose places are in transaction. In: transaction, len bytes.
int32_t opsign_transaction_decode(const uint8_t *transaction,
                                  size_t len,
                                  opsign_transaction *fields);

// What was signed for a signed transaction.
//
// Returns: OPSIGN_OK, or what opsign_transaction_hash returns, _DEPOSIT_NOT_SIGNABLE.
// Out: hash, 32 bytes. In: transaction, len bytes.
int32_t opsign_transaction_signing_hash(const uint8_t *transaction,
                                        size_t len,
                                        uint8_t (*hash)[32]);

// Items of a transaction's access list, from the one numbered first (0 is the first of all) on, as
// many as there are and there is room for. The whole list costs little more than one item.
//
// Returns: OPSIGN_OK, or what opsign_transaction_hash returns.
// Out: written, how many items were written; 0 on failure.
// Also out: items, room of them; their places are in transaction. In: transaction, len bytes.
int32_t opsign_transaction_access_list(const uint8_t *transaction,
                                       size_t len,
                                       size_t first,
                                       opsign_access_item *items,
                                       size_t room,
                                       size_t *written);

// Authorizations of a transaction of type 4, from the one numbered first on, as many as there are
// and there is room for.
//
// Returns: OPSIGN_OK, or what opsign_transaction_hash returns.
// Out: written, how many authorizations were written; 0 on failure.
// Also out: authorizations, room of them. In: transaction, len bytes.
int32_t opsign_transaction_authorizations(const uint8_t *transaction,
                                          size_t len,
                                          size_t first,
                                          opsign_signed_authorization *authorizations,
                                          size_t room,
                                          size_t *written);

// The hash of typed data (EIP-712), as wallets sign it: what go-ethereum takes is taken.
//
// Returns: OPSIGN_OK, or one of opsign_error_typed_data. Out: hash, 32 bytes.
// In: json, len bytes: the object with types, primaryType, domain and message that wallets get
// with eth_signTypedData_v4.
int32_t opsign_typed_data_hash(const uint8_t *json, size_t len, uint8_t (*hash)[32]);

// Signs typed data (EIP-712): r, s (low), y_parity. Wallets write 27 + y_parity.
//
// Returns: what opsign_typed_data_hash returns. Out: signature, 65 bytes.
// In: key; json, len bytes.
int32_t opsign_secret_key_sign_typed_data(const opsign_secret_key *key,
                                          const uint8_t *json,
                                          size_t len,
                                          uint8_t (*signature)[65]);

// Who signed typed data (EIP-712).
//
// Returns: what opsign_typed_data_hash and opsign_personal_message_signer return.
// Out: address, 20 bytes. In: json, len bytes; signature, signature_len bytes: 65, the last of
// them y_parity or 27 + y_parity.
int32_t opsign_typed_data_signer(const uint8_t *json,
                                 size_t len,
                                 const uint8_t *signature,
                                 size_t signature_len,
                                 uint8_t (*address)[20]);

// Makes a verifier of an address, which answers as opsign_verify_payload does, several times as fast
// from the second sound signature on: with the first it makes a table of 262 KB, in a millisecond
// and on 600 KB of stack.
//
// Returns: OPSIGN_OK.
// Out: verifier, to be freed with opsign_verifier_free; NULL on failure. In: address, 20 bytes.
int32_t opsign_verifier_new(opsign_verifier **verifier,
                            const uint8_t *address);

// Frees a verifier. NULL is fine.
void opsign_verifier_free(opsign_verifier *verifier);

// Checks that the verifier's address signed a block payload.
//
// Returns: what opsign_verify_payload returns.
// In: verifier; chain_id, 32 bytes big-endian; payload_hash, 32 bytes; signature, signature_len
// bytes (65); rules, OPSIGN_RULES_STRICT or OPSIGN_RULES_CONSENSUS (_WRONG_TYPE otherwise).
int32_t opsign_verifier_verify(opsign_verifier *verifier,
                               const uint8_t *chain_id,
                               const uint8_t *payload_hash,
                               const uint8_t *signature,
                               size_t signature_len,
                               int32_t rules);

// Checks many block payloads of one chain, each as opsign_verifier_verify does and in less time.
//
// Returns: OPSIGN_OK whatever the verdicts; _WRONG_TYPE for rules that are none, _TOO_SHORT if the
// last of signed_payloads is not whole or room is less than their number.
// Out: verdict_count, how many were written; 0 on failure.
// Also out: verdicts, room of them: for each, in order, what opsign_verifier_verify returns.
// In: verifier; chain_id, 32 bytes big-endian; signed_payloads, len bytes: for each 32 of the
// payload's hash and 65 of the signature; rules, OPSIGN_RULES_STRICT or OPSIGN_RULES_CONSENSUS.
int32_t opsign_verifier_verify_many(opsign_verifier *verifier,
                                    const uint8_t *chain_id,
                                    const uint8_t *signed_payloads,
                                    size_t len,
                                    int32_t rules,
                                    int32_t *verdicts,
                                    size_t room,
                                    size_t *verdict_count);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* OPSIGN_H */
