/*
 * Does one job a number of times, for callgrind to count instructions: counts JOB TIMES. Standard
 * input has the lines of misuse.mjs, of which it takes the gossip message. scripts/counts.sh runs it.
 */
#include "check.h"

static uint8_t chain_id[32], hashes[16][32], address[20], signature[65];
static uint8_t kibibyte[1024], signed_payloads[16 * OPSIGN_SIGNED_LEN];
static uint8_t *message;
static size_t message_length;
static opsign_gossip_config config;
static opsign_gossip_memory *memory;
static uint64_t now;
static opsign_secret_key *key;
static opsign_verifier *verifier;

static void load_key(void) {
  opsign_secret_key *another = NULL;
  uint8_t secret[32];
  memset(secret, 0x42, sizeof secret);
  CHECK(opsign_secret_key_from_bytes(&another, secret, 32) == OPSIGN_OK);
  opsign_secret_key_free(another);
}

static void sign(void) {
  CHECK(opsign_secret_key_sign_payload(key, chain_id, hashes[0], &signature) == OPSIGN_OK);
}

static void recover(void) {
  CHECK(opsign_recover_signer(chain_id, hashes[0], signature, 65, OPSIGN_RULES_STRICT, &address) == OPSIGN_OK);
}

static void verify(void) {
  CHECK(opsign_verifier_verify(verifier, chain_id, hashes[0], signature, 65, OPSIGN_RULES_STRICT) == OPSIGN_OK);
}

static void verify_many(void) {
  int32_t verdicts[16];
  size_t written;
  CHECK(opsign_verifier_verify_many(verifier, chain_id, signed_payloads, sizeof signed_payloads,
                                    OPSIGN_RULES_STRICT, verdicts, 16, &written) == OPSIGN_OK);
  CHECK(written == 16 && all_zero(verdicts, sizeof verdicts));
}

static void new_verifier(void) {
  opsign_verifier *another = NULL;
  CHECK(opsign_verifier_new(&another, address) == OPSIGN_OK);
  CHECK(opsign_verifier_verify(another, chain_id, hashes[0], signature, 65, OPSIGN_RULES_STRICT) == OPSIGN_OK);
  opsign_verifier_free(another);
}

static void keccak_32(void) {
  uint8_t hash[32];
  CHECK(opsign_payload_hash(kibibyte, 32, &hash) == OPSIGN_OK);
}

static void keccak_1kib(void) {
  uint8_t hash[32];
  CHECK(opsign_payload_hash(kibibyte, sizeof kibibyte, &hash) == OPSIGN_OK);
}

/* The example of EIP-155. */
static void sign_transaction(void) {
  static const uint8_t unsigned_bytes[] =
      "\xec\x09\x85\x04\xa8\x17\xc8\x00\x82\x52\x08\x94\x35\x35\x35\x35\x35\x35\x35\x35\x35\x35\x35\x35\x35"
      "\x35\x35\x35\x35\x35\x35\x35\x88\x0d\xe0\xb6\xb3\xa7\x64\x00\x00\x80\x01\x80\x80";
  uint8_t room[200];
  size_t written;
  CHECK(opsign_secret_key_sign_transaction(key, unsigned_bytes, sizeof unsigned_bytes - 1, room, sizeof room,
                                           &written) == OPSIGN_OK);
}

/* Decompressed and taken apart, its hash computed anew. */
static void gossip(void) {
  opsign_gossip_block block;
  uint8_t data[1 << 16];
  size_t length;
  CHECK(opsign_gossip_decompress(message, message_length, data, sizeof data, &length) == OPSIGN_OK);
  CHECK(opsign_gossip_decode(4, data, length, &block) == OPSIGN_OK);
}

/* All rules but the last, which the block fails from the second time on; its signer is known. */
static void gossip_validate(void) {
  opsign_judgement judgement;
  CHECK(opsign_gossip_validate(&config, now, message, message_length, memory, &judgement) == OPSIGN_OK);
  CHECK(strcmp(opsign_gossip_reason_name(judgement.reason), "already_seen") == 0);
}

static const struct {
  const char *name;
  void (*run)(void);
} jobs[] = {
    {"load_key", load_key},       {"sign", sign},
    {"recover", recover},         {"verify", verify},
    {"verify_many", verify_many}, {"new_verifier", new_verifier},
    {"keccak_32", keccak_32},     {"keccak_1kib", keccak_1kib},
    {"sign_transaction", sign_transaction}, {"gossip", gossip},
    {"gossip_validate", gossip_validate},
};

/* A judgement says who signed, whoever should have. */
static void prepare_validator(void) {
  uint8_t data[1 << 16];
  size_t length;
  opsign_gossip_block block;
  opsign_judgement judgement;
  CHECK(opsign_gossip_decompress(message, message_length, data, sizeof data, &length) == OPSIGN_OK);
  CHECK(opsign_gossip_decode(4, data, length, &block) == OPSIGN_OK);
  config.topic = 4;
  config.chain_id[31] = 10;
  config.signer[19] = 1;
  config.jovian_time = OPSIGN_NEVER;
  config.max_age = 60;
  now = block.timestamp;
  CHECK(opsign_gossip_memory_new(&memory) == OPSIGN_OK);
  CHECK(opsign_gossip_validate(&config, now, message, message_length, memory, &judgement) == OPSIGN_OK);
  memcpy(config.signer, judgement.signer, sizeof config.signer);
  CHECK(opsign_gossip_validate(&config, now, message, message_length, memory, &judgement) == OPSIGN_OK);
  CHECK(strcmp(opsign_gossip_reason_name(judgement.reason), "accepted") == 0);
}

static void prepare(void) {
  static char line[1 << 18];
  uint8_t secret[32];
  size_t i;
  memset(secret, 0x42, sizeof secret);
  chain_id[31] = 10;
  CHECK(opsign_secret_key_from_bytes(&key, secret, 32) == OPSIGN_OK);
  CHECK(opsign_secret_key_address(key, &address) == OPSIGN_OK);
  for (i = 16; i-- > 0;) {
    memset(hashes[i], (int)i, 32);
    CHECK(opsign_secret_key_sign_payload(key, chain_id, hashes[i], &signature) == OPSIGN_OK);
    memcpy(signed_payloads + i * OPSIGN_SIGNED_LEN, hashes[i], 32);
    memcpy(signed_payloads + i * OPSIGN_SIGNED_LEN + 32, signature, 65);
  }
  CHECK(opsign_verifier_new(&verifier, address) == OPSIGN_OK);
  verify();
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = 0;
    if (strncmp(line, "message ", 8) == 0) message = unhex_all(line + 8, &message_length);
  }
  if (message == NULL) abort();
  prepare_validator();
}

int main(int argc, char **argv) {
  size_t i;
  long times = argc == 3 ? strtol(argv[2], NULL, 10) : -1;
  if (argc == 2 && strcmp(argv[1], "names") == 0) {
    for (i = 0; i < sizeof jobs / sizeof jobs[0]; i++) puts(jobs[i].name);
    return 0;
  }
  if (times < 0) return 64;
  prepare();
  for (i = 0; i < sizeof jobs / sizeof jobs[0]; i++)
    if (strcmp(argv[1], jobs[i].name) == 0)
      while (times-- > 0) jobs[i].run();
  CHECK(times == -1);
  opsign_secret_key_free(key);
  opsign_verifier_free(verifier);
  opsign_gossip_memory_free(memory);
  free(message);
  return finish();
}
