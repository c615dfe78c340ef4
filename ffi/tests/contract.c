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
 *   message SECRET_KEY MESSAGE HASH SIGNATURE ADDRESS
 *   typed JSON-IN-HEX (SECRET_KEY HASH SIGNATURE-OF-WALLET SIGNATURE ADDRESS | refused)
 *   gossip TOPIC CHAIN_ID ADDRESS PREVIOUS NOW JOVIAN_TIME MESSAGE VERDICT REASON ANEW
 *                     ANEW: 1 forgets the blocks seen before
 *   count NUMBER      how many lines there were before this one
 */
#include "check.h"

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

/* The recover lines of chain 10 whose signatures have 65 bytes, for each set of rules: an answer is an
 * address or the name of an error. */
static struct {
  uint8_t records[64][OPSIGN_SIGNED_LEN];
  char answers[64][48];
  size_t count;
} together[2];

static void remember(const char *chain, const uint8_t hash[32], const uint8_t *signature, size_t length,
                     int32_t rules, const char *answer) {
  size_t at = together[rules].count;
  if (strcmp(chain, "10") != 0 || length != 65) return;
  if (at == 64 || strlen(answer) >= 48) abort();
  memcpy(together[rules].records[at], hash, 32);
  memcpy(together[rules].records[at] + 32, signature, 65);
  strcpy(together[rules].answers[at], answer);
  together[rules].count++;
}

/* All of them by a verifier of each address among the answers. */
static void check_together(int32_t rules) {
  uint8_t chain_id[32], address[20];
  size_t count = together[rules].count, who, i, written, sound = 0;
  CHECK(opsign_chain_id_from_text("10", 2, &chain_id) == OPSIGN_OK);
  for (who = 0; who < count; who++) {
    const char *name = together[rules].answers[who];
    opsign_verifier *verifier = NULL;
    int32_t verdicts[64];
    if (name[0] != '0') continue;
    CHECK(opsign_address_from_text(name, strlen(name), &address) == OPSIGN_OK);
    CHECK(opsign_verifier_new(&verifier, address) == OPSIGN_OK);
    CHECK(opsign_verifier_verify_many(verifier, chain_id, together[rules].records[0],
                                      count * OPSIGN_SIGNED_LEN, rules, verdicts, 64, &written) == OPSIGN_OK);
    CHECK(written == count);
    for (i = 0; i < count; i++) {
      const char *answer = together[rules].answers[i];
      const char *wanted = strcmp(answer, name) == 0 ? "ok" : answer[0] == '0' ? "wrong_signer" : answer;
      const uint8_t *record = together[rules].records[i];
      CHECK(strcmp(opsign_error_name(verdicts[i]), wanted) == 0);
      CHECK(opsign_verifier_verify(verifier, chain_id, record, record + 32, 65, rules) == verdicts[i]);
      sound += verdicts[i] == OPSIGN_OK;
    }
    opsign_verifier_free(verifier);
  }
  CHECK(sound >= (rules == OPSIGN_RULES_STRICT ? 10 : 30));
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
  remember(word[1], hash, signature, length, rules, word[6]);
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
  uint8_t secret[32], hash[32], signature[65], expected[65], address[20];
  size_t length;
  uint8_t *message = unhex_all(word[2], &length);
  opsign_secret_key *key = NULL;
  CHECK(opsign_secret_key_from_bytes(&key, secret, unhex(word[1], secret, 32)) == OPSIGN_OK);
  CHECK(opsign_personal_message_hash(message, length, &hash) == OPSIGN_OK);
  CHECK(unhex(word[3], expected, 32) == 32 && memcmp(hash, expected, 32) == 0);
  CHECK(opsign_secret_key_sign_personal_message(key, message, length, &signature) == OPSIGN_OK);
  CHECK(unhex(word[4], expected, 65) == 65 && memcmp(signature, expected, 65) == 0);
  expect(opsign_personal_message_signer(message, length, signature, 65, &address), address,
         "address", word[5]);
  signature[64] += 27;
  expect(opsign_personal_message_signer(message, length, signature, 65, &address), address,
         "address", word[5]);
  signature[64] += 2;
  CHECK(opsign_personal_message_signer(message, length, signature, 65, &address) ==
        OPSIGN_ERROR_SIGNATURE_Y_PARITY);
  CHECK(all_zero(address, sizeof address));
  opsign_secret_key_free(key);
  free(message);
}

static void typed_data(char **word) {
  uint8_t secret[32], hash[32], signature[65], expected[65], address[20];
  size_t length;
  uint8_t *json = unhex_all(word[1], &length);
  opsign_secret_key *key = NULL;
  int32_t error = opsign_typed_data_hash(json, length, &hash);
  if (strcmp(word[2], "refused") == 0) {
    CHECK(error >= 230 && error < 250 && all_zero(hash, sizeof hash));
    CHECK(strncmp(opsign_error_name(error), "typed_data_", 11) == 0);
    memset(secret, 0x42, sizeof secret);
    CHECK(opsign_secret_key_from_bytes(&key, secret, sizeof secret) == OPSIGN_OK);
    CHECK(opsign_secret_key_sign_typed_data(key, json, length, &signature) == error);
    CHECK(all_zero(signature, sizeof signature));
    CHECK(opsign_typed_data_signer(json, length, signature, 65, &address) == error);
  } else {
    CHECK(opsign_secret_key_from_bytes(&key, secret, unhex(word[2], secret, 32)) == OPSIGN_OK);
    CHECK(error == OPSIGN_OK);
    CHECK(unhex(word[3], expected, 32) == 32 && memcmp(hash, expected, 32) == 0);
    CHECK(opsign_secret_key_sign_typed_data(key, json, length, &signature) == OPSIGN_OK);
    CHECK(unhex(word[5], expected, 65) == 65 && memcmp(signature, expected, 65) == 0);
    expect(opsign_typed_data_signer(json, length, signature, 65, &address), address, "address",
           word[6]);
    CHECK(unhex(word[4], expected, 65) == 65);
    expect(opsign_typed_data_signer(json, length, expected, 65, &address), address, "address",
           word[6]);
  }
  opsign_secret_key_free(key);
  free(json);
}

static opsign_gossip_memory *memory = NULL;

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
    opsign_gossip_memory_free(memory);
    CHECK(opsign_gossip_memory_new(&memory) == OPSIGN_OK);
  }
  CHECK(opsign_gossip_validate(&config, strtoull(word[5], NULL, 10), message, length, memory,
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
    else if (strcmp(word[0], "typed") == 0) typed_data(word);
    else if (strcmp(word[0], "gossip") == 0) gossip(word);
    else if (strcmp(word[0], "file") == 0) key_file(word);
    else if (strcmp(word[0], "key") == 0)
      words == 4 ? read_key(word[1], word[2], word[3]) : read_key("", word[1], word[2]);
    else if (strcmp(word[0], "text") == 0)
      words == 4 ? read_address(word[1], word[2], word[3]) : read_address("", word[1], word[2]);
    else abort();
  }
  CHECK(lines > 0 && lines == counted);
  check_together(OPSIGN_RULES_STRICT);
  check_together(OPSIGN_RULES_CONSENSUS);
  opsign_gossip_memory_free(memory);
  printf("%ld vector lines, ", lines);
  free(line);
}

int main(void) {
  CHECK(strcmp(opsign_error_name(OPSIGN_OK), "ok") == 0);
  CHECK(strcmp(opsign_error_name(-5), "unknown") == 0);
  CHECK(strcmp(opsign_error_name(9999), "unknown") == 0);
  CHECK(strlen(opsign_error_message(9999)) > 0);
  CHECK(strlen(opsign_version()) >= 5);
  vectors();
  return finish();
}
