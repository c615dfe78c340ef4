/*
 * Many threads and one handle: threads ROUNDS (cold | warm | race) < MESSAGES
 *
 * cold: each handle is used as opsign.h allows, a key by all threads at once, a gossip
 * memory in turns, a hasher by its own thread.
 * warm: the same, after one signature by the main thread. At the first one the hashes ask the CPU
 * what it can do and note the answer in an atomic byte. That is no race, but helgrind knows nothing
 * of atomics.
 * race: the threads share a hasher without taking turns, which a race detector must see.
 *
 * A line of MESSAGES is "CHAIN_ID ADDRESS NOW MESSAGE", of a good gossip message of topic 4.
 */
#include <pthread.h>

#include "check.h"

#define THREADS 16
#define MESSAGES 8

/* What a thread found wrong; checks are counted by one thread, after the others are done. */
typedef struct {
  pthread_t thread;
  unsigned number;
  long wrong, done;
} worker;

static opsign_secret_key *key = NULL;
static uint8_t address[20];
static long rounds = 1;

static struct {
  opsign_gossip_config config;
  uint64_t now;
  uint8_t *bytes;
  size_t length;
  long accepted, ignored, other;
} messages[MESSAGES];
static size_t message_count = 0;
static opsign_gossip_memory *memory = NULL;
static pthread_mutex_t memory_lock = PTHREAD_MUTEX_INITIALIZER;

static opsign_payload_hasher *shared_hasher = NULL;

#define EXPECT(condition) \
  do {                    \
    w->done++;            \
    if (!(condition)) w->wrong++; \
  } while (0)

static void use_key(worker *w, long round) {
  /* A legacy transaction: nonce 9, 20 gwei, 21000 gas, to 0x35..., 1 ether, chain 1 (EIP-155). */
  static const uint8_t unsigned_tx[] =
      "\xec\x09\x85\x04\xa8\x17\xc8\x00\x82\x52\x08\x94\x35\x35\x35\x35\x35\x35\x35\x35\x35\x35\x35"
      "\x35\x35\x35\x35\x35\x35\x35\x35\x35\x88\x0d\xe0\xb6\xb3\xa7\x64\x00\x00\x80\x01\x80\x80";
  uint8_t chain_id[32] = {0}, payload[40], hash[32], other_hash[32], signature[65], found[20];
  uint8_t signed_tx[160];
  size_t length = 0;
  opsign_payload_hasher *hasher = NULL;
  chain_id[31] = 10;
  memset(payload, (int)w->number, sizeof payload);
  memcpy(payload, &round, sizeof round);

  EXPECT(opsign_secret_key_address(key, &found) == OPSIGN_OK && memcmp(found, address, 20) == 0);
  EXPECT(opsign_payload_hash(payload, sizeof payload, &hash) == OPSIGN_OK);
  EXPECT(opsign_payload_hasher_new(&hasher) == OPSIGN_OK);
  EXPECT(opsign_payload_hasher_update(hasher, payload, 7) == OPSIGN_OK);
  EXPECT(opsign_payload_hasher_update(hasher, payload + 7, sizeof payload - 7) == OPSIGN_OK);
  EXPECT(opsign_payload_hasher_finish(hasher, &other_hash) == OPSIGN_OK);
  EXPECT(memcmp(hash, other_hash, 32) == 0);
  opsign_payload_hasher_free(hasher);

  EXPECT(opsign_secret_key_sign_payload(key, chain_id, hash, &signature) == OPSIGN_OK);
  EXPECT(opsign_verify_payload(chain_id, hash, signature, 65, OPSIGN_RULES_STRICT, address) ==
         OPSIGN_OK);
  EXPECT(opsign_secret_key_sign_authorization(key, chain_id, payload, (uint64_t)round, &signature) ==
         OPSIGN_OK);
  EXPECT(opsign_authorization_signer(chain_id, payload, (uint64_t)round, signature, 65, &found) ==
             OPSIGN_OK && memcmp(found, address, 20) == 0);
  EXPECT(opsign_secret_key_sign_transaction(key, unsigned_tx, sizeof unsigned_tx - 1, signed_tx,
                                            sizeof signed_tx, &length) == OPSIGN_OK);
  EXPECT(opsign_transaction_sender(signed_tx, length, &found) == OPSIGN_OK &&
         memcmp(found, address, 20) == 0);
}

static void use_memory(worker *w) {
  size_t i;
  for (i = 0; i < message_count; i++) {
    opsign_judgement judgement;
    int32_t error;
    pthread_mutex_lock(&memory_lock);
    error = opsign_gossip_validate(&messages[i].config, messages[i].now, messages[i].bytes,
                                   messages[i].length, memory, &judgement);
    if (judgement.verdict == OPSIGN_VERDICT_ACCEPT) messages[i].accepted++;
    else if (strcmp(opsign_gossip_reason_name(judgement.reason), "already_seen") == 0)
      messages[i].ignored++;
    else messages[i].other++;
    pthread_mutex_unlock(&memory_lock);
    EXPECT(error == OPSIGN_OK);
  }
}

static void *work(void *argument) {
  worker *w = (worker *)argument;
  long round;
  for (round = 0; round < rounds; round++) {
    use_key(w, round);
    use_memory(w);
  }
  return NULL;
}

static void *misuse(void *argument) {
  worker *w = (worker *)argument;
  EXPECT(opsign_payload_hasher_update(shared_hasher, address, 20) == OPSIGN_OK);
  return NULL;
}

static void read_messages(void) {
  size_t room = 1 << 16;
  char *line = (char *)malloc(room);
  if (line == NULL) abort();
  while (message_count < MESSAGES && fgets(line, (int)room, stdin) != NULL) {
    opsign_gossip_config *config = &messages[message_count].config;
    const char *chain_id = strtok(line, " "), *signer = strtok(NULL, " ");
    const char *now = strtok(NULL, " "), *hex = strtok(NULL, "\n");
    if (hex == NULL) abort();
    config->topic = 4;
    config->max_age = 60;
    config->jovian_time = OPSIGN_NEVER;
    CHECK(opsign_chain_id_from_text(chain_id, strlen(chain_id), &config->chain_id) == OPSIGN_OK);
    CHECK(opsign_address_from_text(signer, strlen(signer), &config->signer) == OPSIGN_OK);
    messages[message_count].now = strtoull(now, NULL, 10);
    messages[message_count].bytes = unhex_all(hex, &messages[message_count].length);
    message_count++;
  }
  free(line);
}

static void run(void *(*task)(void *)) {
  static worker workers[THREADS];
  long done = 0;
  unsigned i;
  memset(workers, 0, sizeof workers);
  for (i = 0; i < THREADS; i++) {
    workers[i].number = i;
    if (pthread_create(&workers[i].thread, NULL, task, &workers[i]) != 0) abort();
  }
  for (i = 0; i < THREADS; i++) {
    pthread_join(workers[i].thread, NULL);
    CHECK(workers[i].wrong == 0 && workers[i].done > 0);
    done += workers[i].done;
  }
  printf("%d threads, %ld results looked at, ", THREADS, done);
}

int main(int argc, char **argv) {
  uint8_t secret[OPSIGN_SECRET_KEY_LEN];
  size_t i;
  if (argc != 3) return 64;
  rounds = strtol(argv[1], NULL, 10);
  memset(secret, 0x46, sizeof secret);
  CHECK(opsign_secret_key_from_bytes(&key, secret, sizeof secret) == OPSIGN_OK);
  CHECK(opsign_secret_key_address(key, &address) == OPSIGN_OK && !all_zero(address, 20));
  if (strcmp(argv[2], "race") == 0) {
    CHECK(opsign_payload_hasher_new(&shared_hasher) == OPSIGN_OK);
    run(misuse);
    opsign_payload_hasher_free(shared_hasher);
  } else {
    read_messages();
    CHECK(message_count > 1);
    CHECK(opsign_gossip_memory_new(&memory) == OPSIGN_OK);
    if (strcmp(argv[2], "warm") == 0) {
      uint8_t signature[65];
      CHECK(opsign_secret_key_sign_personal_message(key, NULL, 0, &signature) == OPSIGN_OK);
    }
    run(work);
    for (i = 0; i < message_count; i++) {
      CHECK(messages[i].accepted == 1 && messages[i].other == 0);
      CHECK(messages[i].ignored == THREADS * rounds - 1);
      free(messages[i].bytes);
    }
    opsign_gossip_memory_free(memory);
  }
  opsign_secret_key_free(key);
  return finish();
}
