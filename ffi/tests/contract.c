/*
 * The contract on top of opsign.h, broken on purpose; and the vectors, read from standard input as
 * lines of words that scripts/c.sh makes from the files in vectors:
 *
 *   error NUMBER NAME ENUM-VALUE MESSAGE...
 *   recover CHAIN_ID PAYLOAD_HASH SIGNATURE RULES (address ADDRESS | error NAME)
 *   sign SECRET_KEY CHAIN_ID PAYLOAD REPEAT PAYLOAD_HASH SIGNING_HASH SIGNATURE ADDRESS
 *   key SECRET_KEY (address ADDRESS | error NAME)
 *   file CONTENTS PASSPHRASE PATH FORMAT (address ADDRESS | error NAME)   a dash: none
 *   text TEXT-IN-HEX (address ADDRESS | error NAME)
 *   tx RAW (hash HASH SENDER | refused)          a dash for SENDER: nobody
 *   signtx SECRET_KEY UNSIGNED SIGNED
 *   message SECRET_KEY MESSAGE HASH SIGNATURE
 *   gossip TOPIC CHAIN_ID ADDRESS PREVIOUS NOW JOVIAN_TIME MESSAGE VERDICT REASON ANEW
 *                     ANEW: 1 forgets the blocks seen before
 *   count NUMBER      how many lines there were before this one
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opsign.h"

static int failures = 0;
static int checks = 0;

#define CHECK(condition)                                                    \
  do {                                                                      \
    checks++;                                                               \
    if (!(condition)) {                                                     \
      failures++;                                                           \
      fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
    }                                                                       \
  } while (0)

static int all_zero(const void *bytes, size_t length) {
  const uint8_t *p = (const uint8_t *)bytes;
  size_t i;
  for (i = 0; i < length; i++)
    if (p[i] != 0) return 0;
  return 1;
}

static opsign_secret_key *make_key(void) {
  uint8_t secret[OPSIGN_SECRET_KEY_LEN];
  opsign_secret_key *key = NULL;
  memset(secret, 0x42, sizeof secret);
  CHECK(opsign_secret_key_from_bytes(&key, secret, sizeof secret) == OPSIGN_OK);
  CHECK(key != NULL);
  return key;
}

static void nulls(void) {
  uint8_t bytes[65] = {1};
  uint8_t hash[32], address[20], signature[65];
  char text[OPSIGN_ADDRESS_TEXT_LEN];
  const int32_t null = OPSIGN_ERROR_NULL_POINTER;
  /* Six zeroes: a legacy transaction that does nothing. */
  static const uint8_t unsigned_legacy[] = {0xc6, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80};
  size_t length = 0;
  opsign_seen_blocks *blocks = NULL;
  opsign_gossip_config config;
  opsign_judgement judgement;
  opsign_secret_key *key = make_key();
  opsign_secret_key *none = NULL;
  opsign_payload_hasher *hasher = NULL;

  CHECK(opsign_secret_key_from_bytes(NULL, bytes, 32) == null);
  CHECK(opsign_secret_key_from_bytes(&none, NULL, 32) == null && none == NULL);
  CHECK(opsign_secret_key_from_bytes(&none, NULL, 0) == OPSIGN_ERROR_EMPTY && none == NULL);
  opsign_secret_key_free(NULL);
  CHECK(opsign_secret_key_address(NULL, &address) == null && all_zero(address, 20));
  CHECK(opsign_secret_key_address(key, NULL) == null);
  memset(signature, 7, sizeof signature);
  CHECK(opsign_secret_key_sign_payload(NULL, bytes, bytes, &signature) == null);
  CHECK(all_zero(signature, sizeof signature));
  memset(signature, 7, sizeof signature);
  CHECK(opsign_secret_key_sign_payload(key, NULL, bytes, &signature) == null);
  CHECK(all_zero(signature, sizeof signature));
  CHECK(opsign_secret_key_sign_payload(key, bytes, NULL, &signature) == null);
  CHECK(opsign_secret_key_sign_payload(key, bytes, bytes, NULL) == null);
  memset(hash, 7, sizeof hash);
  CHECK(opsign_chain_id_from_text(NULL, 1, &hash) == null && all_zero(hash, 32));
  CHECK(opsign_chain_id_from_text(NULL, 0, &hash) == OPSIGN_ERROR_EMPTY);
  CHECK(opsign_chain_id_from_text("10", 2, NULL) == null);
  CHECK(opsign_address_from_text(NULL, 42, &address) == null);
  CHECK(opsign_address_from_text("0x", 2, NULL) == null);
  CHECK(opsign_address_to_text(NULL, &text) == null && text[0] == 0);
  CHECK(opsign_address_to_text(bytes, NULL) == null);
  CHECK(opsign_payload_hash(NULL, 1, &hash) == null);
  CHECK(opsign_payload_hash(NULL, 0, &hash) == OPSIGN_OK && !all_zero(hash, 32));
  CHECK(opsign_payload_hash(bytes, 1, NULL) == null);
  CHECK(opsign_payload_hash(bytes, (size_t)-1, &hash) == OPSIGN_ERROR_TOO_LONG);
  CHECK(all_zero(hash, 32));
  CHECK(opsign_payload_hasher_new(NULL) == null);
  CHECK(opsign_payload_hasher_update(NULL, bytes, 1) == null);
  CHECK(opsign_payload_hasher_finish(NULL, &hash) == null);
  opsign_payload_hasher_free(NULL);
  CHECK(opsign_payload_hasher_new(&hasher) == OPSIGN_OK && hasher != NULL);
  CHECK(opsign_payload_hasher_update(hasher, NULL, 1) == null);
  CHECK(opsign_payload_hasher_update(hasher, NULL, 0) == OPSIGN_OK);
  CHECK(opsign_payload_hasher_finish(hasher, NULL) == null);
  opsign_payload_hasher_free(hasher);
  CHECK(opsign_payload_signing_hash(NULL, bytes, &hash) == null);
  CHECK(opsign_payload_signing_hash(bytes, NULL, &hash) == null);
  CHECK(opsign_payload_signing_hash(bytes, bytes, NULL) == null);
  CHECK(opsign_recover_signer(NULL, bytes, bytes, 65, 0, &address) == null);
  CHECK(opsign_recover_signer(bytes, NULL, bytes, 65, 0, &address) == null);
  CHECK(opsign_recover_signer(bytes, bytes, NULL, 65, 0, &address) == null);
  CHECK(opsign_recover_signer(bytes, bytes, NULL, 0, 0, &address) == OPSIGN_ERROR_EMPTY);
  CHECK(opsign_recover_signer(bytes, bytes, bytes, 65, 0, NULL) == null);
  CHECK(opsign_recover_signer(bytes, bytes, bytes, 65, 2, &address) == OPSIGN_ERROR_WRONG_TYPE);
  CHECK(opsign_recover_signer(bytes, bytes, bytes, 65, -1, &address) == OPSIGN_ERROR_WRONG_TYPE);
  CHECK(opsign_verify_payload(NULL, bytes, bytes, 65, 0, address) == null);
  CHECK(opsign_verify_payload(bytes, NULL, bytes, 65, 0, address) == null);
  CHECK(opsign_verify_payload(bytes, bytes, NULL, 65, 0, address) == null);
  CHECK(opsign_verify_payload(bytes, bytes, bytes, 64, 0, address) == OPSIGN_ERROR_TOO_SHORT);
  CHECK(opsign_transaction_hash(NULL, 1, &hash) == null && all_zero(hash, 32));
  CHECK(opsign_transaction_hash(NULL, 0, &hash) == OPSIGN_ERROR_EMPTY);
  CHECK(opsign_transaction_hash(bytes, 1, NULL) == null);
  CHECK(opsign_transaction_sender(NULL, 1, &address) == null);
  CHECK(opsign_transaction_sender(bytes, 1, NULL) == null);
  CHECK(opsign_secret_key_sign_transaction(NULL, bytes, 1, bytes, 65, &length) == null);
  CHECK(opsign_secret_key_sign_transaction(key, NULL, 1, bytes, 65, &length) == null);
  CHECK(opsign_secret_key_sign_transaction(key, unsigned_legacy, 7, NULL, 65, &length) == null);
  CHECK(opsign_secret_key_sign_transaction(key, unsigned_legacy, 7, bytes, 65, NULL) == null);
  CHECK(opsign_personal_message_hash(NULL, 1, &hash) == null);
  CHECK(opsign_personal_message_hash(NULL, 0, &hash) == OPSIGN_OK);
  CHECK(opsign_personal_message_hash(bytes, 1, NULL) == null);
  CHECK(opsign_secret_key_sign_personal_message(NULL, bytes, 1, &signature) == null);
  CHECK(opsign_secret_key_sign_personal_message(key, NULL, 1, &signature) == null);
  CHECK(opsign_secret_key_sign_personal_message(key, bytes, 1, NULL) == null);
  CHECK(opsign_seen_blocks_new(NULL) == null);
  CHECK(opsign_seen_blocks_new(&blocks) == OPSIGN_OK);
  memset(&config, 0, sizeof config);
  CHECK(opsign_gossip_validate(&config, 0, bytes, 1, blocks, &judgement) ==
        OPSIGN_ERROR_UNKNOWN_TOPIC);
  CHECK(judgement.verdict == OPSIGN_VERDICT_REJECT && judgement.reason == 0);
  config.topic = 5;
  CHECK(opsign_gossip_validate(&config, 0, bytes, 1, blocks, &judgement) ==
        OPSIGN_ERROR_UNKNOWN_TOPIC);
  config.topic = 4;
  CHECK(opsign_gossip_validate(&config, 0, NULL, 0, blocks, &judgement) == OPSIGN_OK);
  CHECK(judgement.verdict == OPSIGN_VERDICT_REJECT && judgement.reason != 0);
  CHECK(opsign_gossip_validate(NULL, 0, bytes, 1, blocks, &judgement) == null);
  CHECK(opsign_gossip_validate(&config, 0, NULL, 1, blocks, &judgement) == null);
  CHECK(opsign_gossip_validate(&config, 0, bytes, 1, NULL, &judgement) == null);
  CHECK(opsign_gossip_validate(&config, 0, bytes, 1, blocks, NULL) == null);
  CHECK(strcmp(opsign_gossip_reason_name(0), "unknown") == 0);
  opsign_seen_blocks_free(blocks);
  opsign_seen_blocks_free(NULL);
  opsign_secret_key_free(key);
}

static const char HEX_KEY[] = "4242424242424242424242424242424242424242424242424242424242424242";

static void keys(void) {
  static const char passphrase[] = "open sesame";
  char text[OPSIGN_KEY_TEXT_ROOM], again[OPSIGN_KEY_TEXT_ROOM];
  const int32_t null = OPSIGN_ERROR_NULL_POINTER;
  const size_t room = sizeof text;
  const int32_t formats[] = {OPSIGN_KEY_FORMAT_HEX, OPSIGN_KEY_FORMAT_SEC1_PEM,
                             OPSIGN_KEY_FORMAT_PKCS8_PEM, OPSIGN_KEY_FORMAT_KEYSTORE};
  opsign_key_input input;
  opsign_key_output output;
  opsign_secret_key *key = make_key();
  opsign_secret_key *none = key;
  uint8_t address[20], expected[20];
  size_t length = 7, i;
  int32_t format = 7;
  memset(&input, 0, sizeof input);
  memset(&output, 0, sizeof output);
  input.bytes = (const uint8_t *)HEX_KEY;
  input.len = 64;
  CHECK(opsign_secret_key_address(key, &expected) == OPSIGN_OK);
  opsign_secret_key_free(key);

  CHECK(opsign_key_recognise(NULL, 1, &format) == null && format == OPSIGN_KEY_FORMAT_UNKNOWN);
  CHECK(opsign_key_recognise(NULL, 0, &format) == OPSIGN_ERROR_KEY_FORMAT_UNKNOWN);
  CHECK(opsign_key_recognise(input.bytes, 64, NULL) == null);
  CHECK(opsign_key_recognise(input.bytes, (size_t)-1, &format) == OPSIGN_ERROR_TOO_LONG);
  CHECK(strcmp(opsign_key_format_name(0), "unknown") == 0);
  CHECK(strcmp(opsign_key_format_name(9), "unknown") == 0);
  CHECK(strcmp(opsign_key_format_name(-1), "unknown") == 0);
  CHECK(opsign_secret_key_read(NULL, &input) == null);
  CHECK(opsign_secret_key_read(&none, NULL) == null && none == NULL);
  input.bytes = NULL;
  CHECK(opsign_secret_key_read(&none, &input) == null && none == NULL);
  input.bytes = (const uint8_t *)HEX_KEY;
  input.passphrase_len = 1;
  CHECK(opsign_secret_key_read(&none, &input) == null && none == NULL);
  input.passphrase = "";
  input.passphrase_len = 0;
  CHECK(opsign_secret_key_read(&none, &input) == OPSIGN_ERROR_KEY_OPTION_UNUSED && none == NULL);
  input.passphrase = "\xff";
  input.passphrase_len = 1;
  CHECK(opsign_secret_key_read(&none, &input) == OPSIGN_ERROR_KEY_PASSPHRASE_MALFORMED);
  input.passphrase = NULL;
  input.passphrase_len = 0;
  input.hd_path_len = 1;
  CHECK(opsign_secret_key_read(&none, &input) == null);
  input.hd_path = "m";
  CHECK(opsign_secret_key_read(&none, &input) == OPSIGN_ERROR_KEY_OPTION_UNUSED);
  input.hd_path = "\xff";
  CHECK(opsign_secret_key_read(&none, &input) == OPSIGN_ERROR_KEY_PATH_MALFORMED);
  input.hd_path = NULL;
  input.hd_path_len = 0;

  output.format = OPSIGN_KEY_FORMAT_HEX;
  CHECK(opsign_key_convert(NULL, &output, (uint8_t *)text, room, &length) == null && length == 0);
  CHECK(opsign_key_convert(&input, NULL, (uint8_t *)text, room, &length) == null);
  CHECK(opsign_key_convert(&input, &output, NULL, room, &length) == null);
  CHECK(opsign_key_convert(&input, &output, (uint8_t *)text, room, NULL) == null);
  output.kdf = 2;
  CHECK(opsign_key_convert(&input, &output, (uint8_t *)text, room, &length) ==
        OPSIGN_ERROR_WRONG_TYPE);
  output.kdf = OPSIGN_KDF_LIGHT;
  output.format = OPSIGN_KEY_FORMAT_MNEMONIC;
  CHECK(opsign_key_convert(&input, &output, (uint8_t *)text, room, &length) ==
        OPSIGN_ERROR_WRONG_TYPE);
  output.format = OPSIGN_KEY_FORMAT_KEYSTORE;
  CHECK(opsign_key_convert(&input, &output, (uint8_t *)text, room, &length) ==
        OPSIGN_ERROR_KEY_PASSPHRASE_MISSING);
  output.passphrase_len = 1;
  CHECK(opsign_key_convert(&input, &output, (uint8_t *)text, room, &length) == null);
  output.passphrase = passphrase;
  output.passphrase_len = strlen(passphrase);
  output.format = OPSIGN_KEY_FORMAT_HEX;
  CHECK(opsign_key_convert(&input, &output, (uint8_t *)text, room, &length) ==
        OPSIGN_ERROR_KEY_OPTION_UNUSED);

  /* Into each format and back; with one byte less of room, nothing. */
  for (i = 0; i < 4; i++) {
    opsign_key_input back;
    const int keystore = formats[i] == OPSIGN_KEY_FORMAT_KEYSTORE;
    output.format = formats[i];
    output.passphrase = keystore ? passphrase : NULL;
    output.passphrase_len = keystore ? strlen(passphrase) : 0;
    CHECK(opsign_key_convert(&input, &output, (uint8_t *)text, room, &length) == OPSIGN_OK);
    CHECK(length > 0 && length <= room);
    memset(&back, 0, sizeof back);
    back.bytes = (const uint8_t *)text;
    back.len = length;
    back.passphrase = output.passphrase;
    back.passphrase_len = output.passphrase_len;
    CHECK(opsign_key_recognise(back.bytes, length, &format) == OPSIGN_OK && format == formats[i]);
    CHECK(opsign_secret_key_read(&none, &back) == OPSIGN_OK);
    CHECK(opsign_secret_key_address(none, &address) == OPSIGN_OK);
    CHECK(memcmp(address, expected, sizeof address) == 0);
    opsign_secret_key_free(none);
    memset(again, 7, sizeof again);
    CHECK(opsign_key_convert(&input, &output, (uint8_t *)again, length - 1, &length) ==
          OPSIGN_ERROR_TOO_SHORT);
    CHECK(length == 0 && again[0] == 7);
    if (keystore) {
      back.passphrase_len--;
      CHECK(opsign_secret_key_read(&none, &back) == OPSIGN_ERROR_KEY_PASSPHRASE_WRONG);
      CHECK(none == NULL);
    }
  }
  /* The handle may be written over the input it is read from, and the length over its own. */
  CHECK(opsign_secret_key_read((opsign_secret_key **)(void *)&input.bytes, &input) == OPSIGN_OK);
  opsign_secret_key_free((opsign_secret_key *)(void *)input.bytes);
  input.bytes = (const uint8_t *)HEX_KEY;
  output.format = OPSIGN_KEY_FORMAT_HEX;
  output.passphrase = NULL;
  output.passphrase_len = 0;
  CHECK(opsign_key_convert(&input, &output, (uint8_t *)text, room, &input.len) == OPSIGN_OK);
  CHECK(input.len == 64 && memcmp(text, HEX_KEY, 64) == 0);
}

static void misaligned(void) {
  union {
    double force_alignment;
    uint8_t bytes[64];
  } place;
  uint8_t address[20];
  const opsign_secret_key *key = (const opsign_secret_key *)(const void *)(place.bytes + 1);
  opsign_secret_key *made = NULL;
  memset(&place, 0, sizeof place);
  CHECK(opsign_secret_key_address(key, &address) == OPSIGN_ERROR_MISALIGNED);
  CHECK(all_zero(address, sizeof address));
  CHECK(opsign_payload_hasher_update((opsign_payload_hasher *)(void *)(place.bytes + 1),
                                     place.bytes, 1) == OPSIGN_ERROR_MISALIGNED);
  CHECK(opsign_payload_hasher_new((opsign_payload_hasher **)(void *)(place.bytes + 1)) ==
        OPSIGN_ERROR_MISALIGNED);
  CHECK(opsign_secret_key_read(&made, (const opsign_key_input *)(void *)(place.bytes + 1)) ==
        OPSIGN_ERROR_MISALIGNED);
  CHECK(made == NULL);
}

/* Bytes have no alignment, and outputs may lie on top of inputs. */
static void overlap(void) {
  uint8_t expected[65], buffer[129];
  uint8_t chain_id[32] = {0}, hash[32];
  opsign_secret_key *key = make_key();
  memset(hash, 9, sizeof hash);
  CHECK(opsign_secret_key_sign_payload(key, chain_id, hash, &expected) == OPSIGN_OK);
  memset(buffer, 0, sizeof buffer);
  memcpy(buffer + 33, hash, 32);
  CHECK(opsign_secret_key_sign_payload(key, buffer + 1, buffer + 33,
                                       (uint8_t(*)[65])(buffer + 1)) == OPSIGN_OK);
  CHECK(memcmp(buffer + 1, expected, 65) == 0);
  CHECK(opsign_payload_hash(hash, 32, &hash) == OPSIGN_OK);
  opsign_secret_key_free(key);
}

/* ---- vectors ---- */

static size_t unhex(const char *text, uint8_t *bytes, size_t room) {
  size_t n = 0;
  if (strncmp(text, "0x", 2) == 0) text += 2;
  while (text[0] != 0 && text[1] != 0 && n < room) {
    unsigned value = 0;
    if (sscanf(text, "%2x", &value) != 1) abort();
    bytes[n++] = (uint8_t)value;
    text += 2;
  }
  return n;
}

static void expect(int32_t error, const uint8_t address[20], const char *kind, const char *value) {
  char text[OPSIGN_ADDRESS_TEXT_LEN];
  if (strcmp(kind, "address") == 0) {
    CHECK(error == OPSIGN_OK);
    CHECK(opsign_address_to_text(address, &text) == OPSIGN_OK && strcmp(text, value) == 0);
  } else {
    CHECK(strcmp(kind, "error") == 0);
    CHECK(strcmp(opsign_error_name(error), value) == 0);
    CHECK(all_zero(address, 20));
  }
}

static void read_key(const char *hex, const char *kind, const char *value) {
  uint8_t secret[128], address[20] = {0};
  opsign_secret_key *key = NULL;
  int32_t error = opsign_secret_key_from_bytes(&key, secret, unhex(hex, secret, sizeof secret));
  CHECK((key != NULL) == (error == OPSIGN_OK));
  if (key != NULL) CHECK(opsign_secret_key_address(key, &address) == OPSIGN_OK);
  expect(error, address, kind, value);
  opsign_secret_key_free(key);
}

static void read_address(const char *hex, const char *kind, const char *value) {
  uint8_t text[256], address[20];
  size_t length = unhex(hex, text, sizeof text);
  expect(opsign_address_from_text((const char *)text, length, &address), address, kind, value);
}

static void recover(char **word) {
  uint8_t chain_id[32], hash[32], signature[256], address[20];
  int32_t rules = strcmp(word[4], "strict") == 0 ? OPSIGN_RULES_STRICT : OPSIGN_RULES_CONSENSUS;
  size_t length = unhex(word[3], signature, sizeof signature);
  int32_t error;
  CHECK(opsign_chain_id_from_text(word[1], strlen(word[1]), &chain_id) == OPSIGN_OK);
  CHECK(unhex(word[2], hash, sizeof hash) == 32);
  error = opsign_recover_signer(chain_id, hash, signature, length, rules, &address);
  expect(error, address, word[5], word[6]);
  if (error == OPSIGN_OK) {
    CHECK(opsign_verify_payload(chain_id, hash, signature, length, rules, address) == OPSIGN_OK);
    address[3] ^= 1;
    CHECK(opsign_verify_payload(chain_id, hash, signature, length, rules, address) ==
          OPSIGN_ERROR_WRONG_SIGNER);
  }
}

static void sign(char **word) {
  uint8_t secret[32], chain_id[32], hash[32], expected[65], signature[65], address[20];
  size_t room = strlen(word[3]) / 2 + 1, length, repeat, i;
  uint8_t *payload = (uint8_t *)malloc(room);
  opsign_payload_hasher *hasher = NULL;
  opsign_secret_key *key = NULL;
  if (payload == NULL) abort();
  length = unhex(word[3], payload, room);
  repeat = (size_t)strtoul(word[4], NULL, 10);
  CHECK(opsign_secret_key_from_bytes(&key, secret, unhex(word[1], secret, 32)) == OPSIGN_OK);
  CHECK(opsign_chain_id_from_text(word[2], strlen(word[2]), &chain_id) == OPSIGN_OK);
  CHECK(opsign_payload_hasher_new(&hasher) == OPSIGN_OK);
  for (i = 0; i < repeat; i++)
    if (opsign_payload_hasher_update(hasher, payload, length) != OPSIGN_OK) failures++;
  CHECK(opsign_payload_hasher_finish(hasher, &hash) == OPSIGN_OK);
  CHECK(unhex(word[5], expected, 32) == 32 && memcmp(hash, expected, 32) == 0);
  if (repeat == 1) {
    CHECK(opsign_payload_hash(payload, length, &hash) == OPSIGN_OK);
    CHECK(memcmp(hash, expected, 32) == 0);
  }
  CHECK(opsign_secret_key_sign_payload(key, chain_id, hash, &signature) == OPSIGN_OK);
  CHECK(unhex(word[7], expected, 65) == 65 && memcmp(signature, expected, 65) == 0);
  CHECK(opsign_payload_signing_hash(chain_id, hash, &hash) == OPSIGN_OK);
  CHECK(unhex(word[6], expected, 32) == 32 && memcmp(hash, expected, 32) == 0);
  CHECK(opsign_secret_key_address(key, &address) == OPSIGN_OK);
  expect(OPSIGN_OK, address, "address", word[8]);
  opsign_payload_hasher_free(hasher);
  opsign_secret_key_free(key);
  free(payload);
}

static uint8_t *unhex_all(const char *text, size_t *length) {
  size_t room = strlen(text) / 2 + 1;
  uint8_t *bytes = (uint8_t *)malloc(room);
  size_t i, start = strncmp(text, "0x", 2) == 0 ? 2 : 0;
  if (bytes == NULL) abort();
  *length = (strlen(text) - start) / 2;
  for (i = 0; i < *length; i++) {
    const char *digits = "0123456789abcdef";
    const char *high = strchr(digits, text[start + 2 * i]);
    const char *low = strchr(digits, text[start + 2 * i + 1]);
    if (high == NULL || low == NULL) abort();
    bytes[i] = (uint8_t)((high - digits) << 4 | (low - digits));
  }
  return bytes;
}

/* A dash is nothing; other words are bytes in hex, never NULL. */
static uint8_t *optional(const char *word, size_t *length) {
  *length = 0;
  return strcmp(word, "-") == 0 ? NULL : unhex_all(word, length);
}

static void key_file(char **word) {
  uint8_t address[20] = {0};
  opsign_key_input input;
  opsign_secret_key *key = NULL;
  int32_t format = -1, error;
  uint8_t *bytes = unhex_all(word[1], &input.len);
  uint8_t *passphrase = optional(word[2], &input.passphrase_len);
  uint8_t *path = optional(word[3], &input.hd_path_len);
  input.bytes = bytes;
  input.passphrase = (const char *)passphrase;
  input.hd_path = (const char *)path;
  error = opsign_key_recognise(bytes, input.len, &format);
  if (strcmp(word[4], "-") == 0) {
    CHECK(strcmp(opsign_error_name(error), word[6]) == 0 && format == 0);
  } else {
    CHECK(error == OPSIGN_OK && strcmp(opsign_key_format_name(format), word[4]) == 0);
  }
  error = opsign_secret_key_read(&key, &input);
  CHECK((key != NULL) == (error == OPSIGN_OK));
  if (key != NULL) CHECK(opsign_secret_key_address(key, &address) == OPSIGN_OK);
  expect(error, address, word[5], word[6]);
  opsign_secret_key_free(key);
  free(bytes);
  free(passphrase);
  free(path);
}

static void transaction(char **word) {
  uint8_t hash[32], expected[32], address[20];
  size_t length;
  uint8_t *raw = unhex_all(word[1], &length);
  int32_t error = opsign_transaction_hash(raw, length, &hash);
  if (strcmp(word[2], "refused") == 0) {
    CHECK(error != OPSIGN_OK && error != OPSIGN_ERROR_INTERNAL && all_zero(hash, sizeof hash));
    CHECK(opsign_transaction_sender(raw, length, &address) != OPSIGN_OK);
  } else {
    CHECK(error == OPSIGN_OK);
    CHECK(unhex(word[3], expected, 32) == 32 && memcmp(hash, expected, 32) == 0);
    error = opsign_transaction_sender(raw, length, &address);
    if (strcmp(word[4], "-") == 0) CHECK(error != OPSIGN_OK && all_zero(address, 20));
    else expect(error, address, "address", word[4]);
  }
  free(raw);
}

static void sign_transaction(char **word) {
  uint8_t secret[32];
  size_t length, expected_length, written = 0;
  uint8_t *unsigned_bytes = unhex_all(word[2], &length);
  uint8_t *expected = unhex_all(word[3], &expected_length);
  size_t room = length + 80;
  uint8_t *signed_bytes = (uint8_t *)malloc(room);
  opsign_secret_key *key = NULL;
  if (signed_bytes == NULL) abort();
  CHECK(opsign_secret_key_from_bytes(&key, secret, unhex(word[1], secret, 32)) == OPSIGN_OK);
  CHECK(opsign_secret_key_sign_transaction(key, unsigned_bytes, length, signed_bytes, room,
                                           &written) == OPSIGN_OK);
  CHECK(written == expected_length && memcmp(signed_bytes, expected, written) == 0);
  CHECK(opsign_secret_key_sign_transaction(key, unsigned_bytes, length, signed_bytes,
                                           expected_length - 1, &written) ==
        OPSIGN_ERROR_TOO_SHORT);
  CHECK(written == 0);
  opsign_secret_key_free(key);
  free(signed_bytes);
  free(expected);
  free(unsigned_bytes);
}

static void personal_message(char **word) {
  uint8_t secret[32], hash[32], signature[65], expected[65];
  size_t length;
  uint8_t *message = unhex_all(word[2], &length);
  opsign_secret_key *key = NULL;
  CHECK(opsign_secret_key_from_bytes(&key, secret, unhex(word[1], secret, 32)) == OPSIGN_OK);
  CHECK(opsign_personal_message_hash(message, length, &hash) == OPSIGN_OK);
  CHECK(unhex(word[3], expected, 32) == 32 && memcmp(hash, expected, 32) == 0);
  CHECK(opsign_secret_key_sign_personal_message(key, message, length, &signature) == OPSIGN_OK);
  CHECK(unhex(word[4], expected, 65) == 65 && memcmp(signature, expected, 65) == 0);
  opsign_secret_key_free(key);
  free(message);
}

static opsign_seen_blocks *seen = NULL;

static void gossip(char **word) {
  opsign_gossip_config config;
  opsign_judgement judgement;
  size_t length;
  uint8_t *message = unhex_all(word[7], &length);
  int32_t verdict = strcmp(word[8], "accept") == 0   ? OPSIGN_VERDICT_ACCEPT
                    : strcmp(word[8], "ignore") == 0 ? OPSIGN_VERDICT_IGNORE
                                                     : OPSIGN_VERDICT_REJECT;
  memset(&config, 0, sizeof config);
  config.topic = (int32_t)strtol(word[1], NULL, 10);
  config.max_age = 60;
  config.jovian_time = strcmp(word[6], "-") == 0 ? OPSIGN_NEVER : strtoull(word[6], NULL, 10);
  CHECK(opsign_chain_id_from_text(word[2], strlen(word[2]), &config.chain_id) == OPSIGN_OK);
  CHECK(opsign_address_from_text(word[3], strlen(word[3]), &config.signer) == OPSIGN_OK);
  if (strcmp(word[4], "-") != 0)
    CHECK(opsign_address_from_text(word[4], strlen(word[4]), &config.previous_signer) == OPSIGN_OK);
  if (strcmp(word[10], "1") == 0) {
    opsign_seen_blocks_free(seen);
    CHECK(opsign_seen_blocks_new(&seen) == OPSIGN_OK);
  }
  CHECK(opsign_gossip_validate(&config, strtoull(word[5], NULL, 10), message, length, seen,
                               &judgement) == OPSIGN_OK);
  CHECK(judgement.verdict == verdict);
  CHECK(strcmp(opsign_gossip_reason_name(judgement.reason), word[9]) == 0);
  free(message);
}

static void error_line(char **word, const char *message) {
  int32_t number = (int32_t)strtol(word[1], NULL, 10);
  CHECK(number == (int32_t)strtol(word[3], NULL, 10));
  CHECK(strcmp(opsign_error_name(number), word[2]) == 0);
  CHECK(strcmp(opsign_error_message(number), message) == 0);
}

static void vectors(void) {
  size_t room = (size_t)32 << 20;
  char *line = (char *)malloc(room);
  long lines = 0, counted = -1;
  if (line == NULL) abort();
  while (fgets(line, (int)room, stdin) != NULL) {
    char *word[12] = {0};
    char *message = NULL;
    size_t words = 0;
    line[strcspn(line, "\n")] = 0;
    if (strncmp(line, "error ", 6) == 0 && (message = strstr(line, " : ")) != NULL) {
      *message = 0;
      message += 3;
    }
    word[words] = strtok(line, " ");
    while (word[words] != NULL && words < 11) word[++words] = strtok(NULL, " ");
    if (words == 0) abort();
    if (strcmp(word[0], "count") == 0) {
      counted = strtol(word[1], NULL, 10);
      continue;
    }
    lines++;
    if (strcmp(word[0], "error") == 0) error_line(word, message);
    else if (strcmp(word[0], "recover") == 0) recover(word);
    else if (strcmp(word[0], "sign") == 0) sign(word);
    else if (strcmp(word[0], "tx") == 0) transaction(word);
    else if (strcmp(word[0], "signtx") == 0) sign_transaction(word);
    else if (strcmp(word[0], "message") == 0) personal_message(word);
    else if (strcmp(word[0], "gossip") == 0) gossip(word);
    else if (strcmp(word[0], "file") == 0) key_file(word);
    else if (strcmp(word[0], "key") == 0)
      words == 4 ? read_key(word[1], word[2], word[3]) : read_key("", word[1], word[2]);
    else if (strcmp(word[0], "text") == 0)
      words == 4 ? read_address(word[1], word[2], word[3]) : read_address("", word[1], word[2]);
    else abort();
  }
  CHECK(lines > 0 && lines == counted);
  opsign_seen_blocks_free(seen);
  printf("%ld vector lines, ", lines);
  free(line);
}

int main(void) {
  CHECK(strcmp(opsign_error_name(OPSIGN_OK), "ok") == 0);
  CHECK(strcmp(opsign_error_name(-5), "unknown") == 0);
  CHECK(strcmp(opsign_error_name(9999), "unknown") == 0);
  CHECK(strlen(opsign_error_message(9999)) > 0);
  CHECK(strlen(opsign_version()) >= 5);
  nulls();
  keys();
  misaligned();
  overlap();
  vectors();
  printf("%d checks, %d failed\n", checks, failures);
  return failures == 0 && checks > 0 ? 0 : 1;
}
