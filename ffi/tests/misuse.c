/*
 * Every function of opsign.h called in every wrong way that its contract names: each pointer NULL,
 * each handle and struct misaligned, each length from nothing to too long, each output on top of
 * each input. A function is a row of the table at the end; scripts/c.sh compares the rows, with
 * their numbers of pointers and lengths, to the header.
 *
 * Standard input has lines "NAME HEX" of good inputs, which ffi/tests/misuse.mjs takes from vectors.
 */
#include "check.h"

#define SLOTS 7

enum role {
  NOTHING,
  INPUT,   /* bytes, as many as `size` says */
  SIZED,   /* bytes with a length beside them */
  OUTPUT,  /* `size` bytes */
  ROOM,    /* also out: items of `size` bytes, with room for `count` of them beside the pointer */
  INDEX,   /* a length without a pointer */
  NEW,     /* a handle that the call makes */
  HANDLE,  /* a handle that the call uses */
  FREED    /* a handle that the call frees; NULL is fine */
};

typedef struct {
  enum role role;
  const void *good;
  size_t size, alignment, count;
  void *(*make)(void);
  void (*release)(void *);
} slot;

/* A call's arguments: a pointer and a length for each slot. */
typedef struct {
  void *p[SLOTS];
  size_t n[SLOTS];
} arguments;

typedef struct {
  const char *name;
  int32_t (*call)(const arguments *);
  slot slots[SLOTS];
} row;

/* Copies of the good arguments, each in a block of just its size, and fresh handles. */
static void prepare(const row *r, arguments *a) {
  int i;
  memset(a, 0, sizeof *a);
  for (i = 0; i < SLOTS; i++) {
    const slot *s = &r->slots[i];
    size_t bytes = s->role == ROOM ? s->size * s->count : s->size;
    if (s->role == HANDLE || s->role == FREED) {
      a->p[i] = s->make();
    } else if (s->role != NOTHING && s->role != INDEX) {
      a->p[i] = malloc(bytes == 0 ? 1 : bytes);
      if (a->p[i] == NULL) abort();
      memset(a->p[i], 7, bytes);
      if (s->good != NULL) memcpy(a->p[i], s->good, bytes);
    }
    a->n[i] = s->role == ROOM ? s->count : s->role == SIZED ? s->size : 0;
  }
}

static void clean(const row *r, arguments *a, const arguments *used) {
  int i;
  for (i = 0; i < SLOTS; i++) {
    const slot *s = &r->slots[i];
    if (s->role == HANDLE) s->release(a->p[i]);
    if (s->role == FREED && used->p[i] != a->p[i]) s->release(a->p[i]);
    if (s->role == NEW) {
      void *made;
      memcpy(&made, a->p[i], sizeof made);
      if (used->p[i] == a->p[i]) s->release(made);
    }
    if (s->role != NOTHING && s->role != INDEX && s->role != HANDLE && s->role != FREED) free(a->p[i]);
  }
}

/* Outputs are zero after a failure, but for `skip`, which is not where it was. */
static void check_zeroed(const row *r, const arguments *a, int skip) {
  int i;
  for (i = 0; i < SLOTS; i++) {
    const slot *s = &r->slots[i];
    if (i != skip && (s->role == OUTPUT || s->role == NEW)) CHECK(all_zero(a->p[i], s->size));
  }
}

/* Calls with `used` in place of the good arguments, and expects `wanted`. */
static void expect_error(const row *r, const arguments *used, int changed, int32_t wanted) {
  int32_t error = r->call(used);
  if (error != wanted)
    fprintf(stderr, "%s: argument %d: %s, not %s\n", r->name, changed, opsign_error_name(error),
            opsign_error_name(wanted));
  CHECK(error == wanted);
  if (error != OPSIGN_OK) check_zeroed(r, used, changed);
}

static void nulls(const row *r) {
  int i;
  for (i = 0; i < SLOTS; i++) {
    const slot *s = &r->slots[i];
    arguments a, used;
    if (s->role == NOTHING || s->role == INDEX) continue;
    prepare(r, &a);
    used = a;
    used.p[i] = NULL;
    expect_error(r, &used, i, s->role == FREED ? OPSIGN_OK : OPSIGN_ERROR_NULL_POINTER);
    if (s->role == SIZED || s->role == ROOM) {
      used.n[i] = 0;
      CHECK(r->call(&used) != OPSIGN_ERROR_NULL_POINTER);
    }
    clean(r, &a, &used);
  }
}

static void misaligned(const row *r) {
  int i;
  for (i = 0; i < SLOTS; i++) {
    const slot *s = &r->slots[i];
    arguments a, used;
    if (s->alignment < 2) continue;
    prepare(r, &a);
    used = a;
    used.p[i] = (uint8_t *)a.p[i] + 1;
    expect_error(r, &used, i, s->role == FREED ? OPSIGN_OK : OPSIGN_ERROR_MISALIGNED);
    clean(r, &a, &used);
  }
}

/* Any answer will do but a crash, a bug, or an output that is not zero beside an error. */
static void try_length(const row *r, int i, size_t length) {
  const slot *s = &r->slots[i];
  arguments a, used;
  int32_t error;
  prepare(r, &a);
  used = a;
  used.n[i] = length;
  if (s->role != INDEX && length < (size_t)1 << 40) {
    size_t bytes = s->role == ROOM ? length * s->size : length;
    used.p[i] = malloc(bytes == 0 ? 1 : bytes);
    if (used.p[i] == NULL) abort();
    memset(used.p[i], 0xc0, bytes);
    if (s->good != NULL) memcpy(used.p[i], s->good, bytes < s->size ? bytes : s->size);
  }
  error = r->call(&used);
  CHECK(error != OPSIGN_ERROR_INTERNAL && error != OPSIGN_ERROR_NULL_POINTER);
  if (error != OPSIGN_OK) check_zeroed(r, &used, -1);
  if (s->role == SIZED && length == (size_t)-1) CHECK(error == OPSIGN_ERROR_TOO_LONG);
  if (used.p[i] != a.p[i]) free(used.p[i]);
  used.p[i] = a.p[i];
  clean(r, &a, &used);
}

static void lengths(const row *r) {
  int i;
  for (i = 0; i < SLOTS; i++) {
    const slot *s = &r->slots[i];
    size_t length, good = s->role == SIZED ? s->size : s->role == ROOM ? s->count : 3;
    if (s->role != SIZED && s->role != ROOM && s->role != INDEX) continue;
    for (length = 0; length <= good + 2; length++) try_length(r, i, length);
    if (s->role != ROOM) try_length(r, i, (size_t)-1);
  }
}

/* What a call gives is the same wherever its outputs lie. */
static void overlaps(const row *r) {
  int in, out;
  size_t shift;
  for (in = 0; in < SLOTS; in++)
    for (out = 0; out < SLOTS; out++)
      for (shift = 0; shift <= 16; shift += 8) {
        const slot *from = &r->slots[in], *to = &r->slots[out];
        size_t bytes = to->role == ROOM ? to->size * to->count : to->size;
        arguments a, b, used;
        uint8_t *both;
        int i;
        if (from->role != INPUT && from->role != SIZED) continue;
        if (to->role != OUTPUT && to->role != ROOM && to->role != NEW) continue;
        prepare(r, &a);
        prepare(r, &b);
        CHECK(r->call(&a) == OPSIGN_OK);
        both = (uint8_t *)malloc(from->size + bytes + shift);
        if (both == NULL) abort();
        memset(both, 7, from->size + bytes + shift);
        memcpy(both, from->good, from->size);
        used = b;
        used.p[in] = both;
        used.p[out] = both + (shift > from->size ? from->size / 8 * 8 : shift);
        CHECK(r->call(&used) == OPSIGN_OK);
        for (i = 0; i < SLOTS; i++)
          if (r->slots[i].role == OUTPUT)
            CHECK(memcmp(used.p[i], a.p[i], r->slots[i].size) == 0);
        /* How many items were written stands in the next slot. */
        if (to->role == ROOM)
          CHECK(memcmp(used.p[out], a.p[out], to->size * *(const size_t *)a.p[out + 1]) == 0);
        if (to->role == NEW) memcpy(b.p[out], used.p[out], sizeof(void *));
        if (to->role == NEW) used.p[out] = b.p[out];
        clean(r, &a, &a);
        clean(r, &b, &used);
        free(both);
      }
}

/* ---- good inputs; `data` is `message`, decompressed ---- */

static struct {
  char name[32];
  uint8_t *bytes;
  size_t length;
} inputs[16];

static void read_inputs(void) {
  size_t room = 1 << 20, length = 0, i;
  const uint8_t *message = NULL;
  char *line = (char *)malloc(room);
  if (line == NULL) abort();
  for (i = 0; i < 16 && fgets(line, (int)room, stdin) != NULL; i++) {
    char *hex = strchr(line, ' ');
    if (hex == NULL || hex - line >= 32) abort();
    *hex++ = 0;
    hex[strcspn(hex, "\n")] = 0;
    memcpy(inputs[i].name, line, (size_t)(hex - line));
    inputs[i].bytes = unhex_all(hex, &inputs[i].length);
    if (strcmp(line, "message") == 0) {
      message = inputs[i].bytes;
      length = inputs[i].length;
    }
  }
  free(line);
  if (i > 15 || message == NULL) abort();
  CHECK(opsign_gossip_decompressed_len(message, length, &inputs[i].length) == OPSIGN_OK);
  inputs[i].bytes = (uint8_t *)malloc(inputs[i].length);
  if (inputs[i].bytes == NULL) abort();
  strcpy(inputs[i].name, "data");
  CHECK(opsign_gossip_decompress(message, length, inputs[i].bytes, inputs[i].length, &length) ==
        OPSIGN_OK);
}

static slot sized(const char *name) {
  slot s = {SIZED, NULL, 0, 1, 0, NULL, NULL};
  size_t i;
  for (i = 0; i < 16 && strcmp(inputs[i].name, name) != 0; i++) continue;
  if (i == 16) abort();
  s.good = inputs[i].bytes;
  s.size = inputs[i].length;
  return s;
}

static slot input(const char *name) {
  slot s = sized(name);
  s.role = INPUT;
  return s;
}

static slot structure(const void *good, size_t size) {
  slot s = {INPUT, NULL, 0, 8, 0, NULL, NULL};
  s.good = good;
  s.size = size;
  return s;
}

static slot output(size_t size, size_t alignment) {
  slot s = {OUTPUT, NULL, 0, 0, 0, NULL, NULL};
  s.size = size;
  s.alignment = alignment;
  return s;
}

static slot room(size_t count, size_t size, size_t alignment) {
  slot s = output(size, alignment);
  s.role = ROOM;
  s.count = count;
  return s;
}

static slot place(void) {
  slot s = {INDEX, NULL, 0, 0, 0, NULL, NULL};
  return s;
}

static slot nothing(void) {
  slot s = {NOTHING, NULL, 0, 0, 0, NULL, NULL};
  return s;
}

static slot handle(enum role role, void *(*make)(void), void (*release)(void *)) {
  slot s = {NOTHING, NULL, sizeof(void *), 8, 0, NULL, NULL};
  s.role = role;
  s.make = make;
  s.release = release;
  return s;
}

static void *make_key(void) {
  uint8_t secret[OPSIGN_SECRET_KEY_LEN];
  opsign_secret_key *key = NULL;
  memset(secret, 0x42, sizeof secret);
  CHECK(opsign_secret_key_from_bytes(&key, secret, sizeof secret) == OPSIGN_OK);
  return key;
}

static void *make_hasher(void) {
  opsign_payload_hasher *hasher = NULL;
  CHECK(opsign_payload_hasher_new(&hasher) == OPSIGN_OK);
  return hasher;
}

static void *make_memory(void) {
  opsign_gossip_memory *memory = NULL;
  CHECK(opsign_gossip_memory_new(&memory) == OPSIGN_OK);
  return memory;
}

static void *make_verifier(void) {
  opsign_verifier *verifier = NULL;
  CHECK(opsign_verifier_new(&verifier, (const uint8_t *)input("address").good) == OPSIGN_OK);
  return verifier;
}

static void free_key(void *key) { opsign_secret_key_free((opsign_secret_key *)key); }
static void free_hasher(void *hasher) { opsign_payload_hasher_free((opsign_payload_hasher *)hasher); }
static void free_memory(void *memory) { opsign_gossip_memory_free((opsign_gossip_memory *)memory); }
static void free_verifier(void *verifier) { opsign_verifier_free((opsign_verifier *)verifier); }

/* ---- the calls ---- */

#define BYTES(i) ((const uint8_t *)a->p[i])
#define TEXT(i) ((const char *)a->p[i])
#define ARRAY(type, size, i) ((type(*)[size])a->p[i])
#define TO(type, i) ((type *)a->p[i])
#define LEN(i) (a->n[i])
#define KEY(i) ((const opsign_secret_key *)a->p[i])
#define CALL(name, expression) \
  static int32_t call_##name(const arguments *a) { (void)a; return expression; }
#define CALL_PLAIN(name, expression) \
  static int32_t call_##name(const arguments *a) { (void)a; expression; return OPSIGN_OK; }

CALL_PLAIN(version, CHECK(strlen(opsign_version()) >= 5))
CALL_PLAIN(error_name, CHECK(strcmp(opsign_error_name(-5), "unknown") == 0))
CALL_PLAIN(error_message, CHECK(strlen(opsign_error_message(-5)) > 0))
CALL_PLAIN(gossip_reason_name, CHECK(strcmp(opsign_gossip_reason_name(0), "unknown") == 0))
CALL_PLAIN(key_format_name, CHECK(strcmp(opsign_key_format_name(-5), "unknown") == 0))
CALL_PLAIN(secret_key_free, opsign_secret_key_free(TO(opsign_secret_key, 0)))
CALL_PLAIN(payload_hasher_free, opsign_payload_hasher_free(TO(opsign_payload_hasher, 0)))
CALL_PLAIN(gossip_memory_free, opsign_gossip_memory_free(TO(opsign_gossip_memory, 0)))
CALL_PLAIN(verifier_free, opsign_verifier_free(TO(opsign_verifier, 0)))
CALL(secret_key_from_bytes, opsign_secret_key_from_bytes(TO(opsign_secret_key *, 0), BYTES(1), LEN(1)))
CALL(secret_key_read, opsign_secret_key_read(TO(opsign_secret_key *, 0), TO(const opsign_key_input, 1)))
CALL(key_recognise, opsign_key_recognise(BYTES(0), LEN(0), TO(int32_t, 1)))
CALL(key_convert, opsign_key_convert(TO(const opsign_key_input, 0), TO(const opsign_key_output, 1),
                                     TO(uint8_t, 2), LEN(2), TO(size_t, 3)))
CALL(secret_key_address, opsign_secret_key_address(KEY(0), ARRAY(uint8_t, 20, 1)))
CALL(secret_key_sign_payload,
     opsign_secret_key_sign_payload(KEY(0), BYTES(1), BYTES(2), ARRAY(uint8_t, 65, 3)))
CALL(chain_id_from_text, opsign_chain_id_from_text(TEXT(0), LEN(0), ARRAY(uint8_t, 32, 1)))
CALL(address_from_text, opsign_address_from_text(TEXT(0), LEN(0), ARRAY(uint8_t, 20, 1)))
CALL(address_to_text, opsign_address_to_text(BYTES(0), ARRAY(char, 43, 1)))
CALL(payload_hash, opsign_payload_hash(BYTES(0), LEN(0), ARRAY(uint8_t, 32, 1)))
CALL(payload_hasher_new, opsign_payload_hasher_new(TO(opsign_payload_hasher *, 0)))
CALL(payload_hasher_update, opsign_payload_hasher_update(TO(opsign_payload_hasher, 0), BYTES(1), LEN(1)))
CALL(payload_hasher_finish,
     opsign_payload_hasher_finish(TO(opsign_payload_hasher, 0), ARRAY(uint8_t, 32, 1)))
CALL(payload_signing_hash, opsign_payload_signing_hash(BYTES(0), BYTES(1), ARRAY(uint8_t, 32, 2)))
CALL(recover_signer, opsign_recover_signer(BYTES(0), BYTES(1), BYTES(2), LEN(2), OPSIGN_RULES_STRICT,
                                           ARRAY(uint8_t, 20, 3)))
CALL(verify_payload, opsign_verify_payload(BYTES(0), BYTES(1), BYTES(2), LEN(2), OPSIGN_RULES_STRICT,
                                           BYTES(3)))
CALL(verifier_new, opsign_verifier_new(TO(opsign_verifier *, 0), BYTES(1)))
CALL(verifier_verify, opsign_verifier_verify(TO(opsign_verifier, 0), BYTES(1), BYTES(2), BYTES(3), LEN(3),
                                             OPSIGN_RULES_STRICT))
CALL(verifier_verify_many,
     opsign_verifier_verify_many(TO(opsign_verifier, 0), BYTES(1), BYTES(2), LEN(2), OPSIGN_RULES_STRICT,
                                 TO(int32_t, 3), LEN(3), TO(size_t, 4)))
CALL(transaction_hash, opsign_transaction_hash(BYTES(0), LEN(0), ARRAY(uint8_t, 32, 1)))
CALL(transaction_sender, opsign_transaction_sender(BYTES(0), LEN(0), ARRAY(uint8_t, 20, 1)))
CALL(transaction_signing_hash, opsign_transaction_signing_hash(BYTES(0), LEN(0), ARRAY(uint8_t, 32, 1)))
CALL(transaction_decode, opsign_transaction_decode(BYTES(0), LEN(0), TO(opsign_transaction, 1)))
CALL(transaction_access_list,
     opsign_transaction_access_list(BYTES(0), LEN(0), LEN(1), TO(opsign_access_item, 2), LEN(2),
                                    TO(size_t, 3)))
CALL(transaction_authorizations,
     opsign_transaction_authorizations(BYTES(0), LEN(0), LEN(1), TO(opsign_signed_authorization, 2),
                                       LEN(2), TO(size_t, 3)))
CALL(secret_key_sign_transaction,
     opsign_secret_key_sign_transaction(KEY(0), BYTES(1), LEN(1), TO(uint8_t, 2), LEN(2), TO(size_t, 3)))
CALL(personal_message_hash, opsign_personal_message_hash(BYTES(0), LEN(0), ARRAY(uint8_t, 32, 1)))
CALL(secret_key_sign_personal_message,
     opsign_secret_key_sign_personal_message(KEY(0), BYTES(1), LEN(1), ARRAY(uint8_t, 65, 2)))
CALL(personal_message_signer, opsign_personal_message_signer(BYTES(0), LEN(0), BYTES(1), LEN(1),
                                                             ARRAY(uint8_t, 20, 2)))
CALL(typed_data_hash, opsign_typed_data_hash(BYTES(0), LEN(0), ARRAY(uint8_t, 32, 1)))
CALL(secret_key_sign_typed_data,
     opsign_secret_key_sign_typed_data(KEY(0), BYTES(1), LEN(1), ARRAY(uint8_t, 65, 2)))
CALL(typed_data_signer, opsign_typed_data_signer(BYTES(0), LEN(0), BYTES(1), LEN(1),
                                                 ARRAY(uint8_t, 20, 2)))
CALL(authorization_hash, opsign_authorization_hash(BYTES(0), BYTES(1), 7, ARRAY(uint8_t, 32, 2)))
CALL(secret_key_sign_authorization,
     opsign_secret_key_sign_authorization(KEY(0), BYTES(1), BYTES(2), 7, ARRAY(uint8_t, 65, 3)))
CALL(authorization_signer, opsign_authorization_signer(BYTES(0), BYTES(1), 7, BYTES(2), LEN(2),
                                                       ARRAY(uint8_t, 20, 3)))
CALL(gossip_memory_new, opsign_gossip_memory_new(TO(opsign_gossip_memory *, 0)))
CALL(gossip_validate,
     opsign_gossip_validate(TO(const opsign_gossip_config, 0), 0, BYTES(1), LEN(1),
                            TO(opsign_gossip_memory, 2), TO(opsign_judgement, 3)))
CALL(gossip_decompressed_len, opsign_gossip_decompressed_len(BYTES(0), LEN(0), TO(size_t, 1)))
CALL(gossip_decompress,
     opsign_gossip_decompress(BYTES(0), LEN(0), TO(uint8_t, 1), LEN(1), TO(size_t, 2)))
CALL(gossip_decode, opsign_gossip_decode(4, BYTES(0), LEN(0), TO(opsign_gossip_block, 1)))
CALL(gossip_transactions,
     opsign_gossip_transactions(4, BYTES(0), LEN(0), LEN(1), TO(opsign_span, 2), LEN(2), TO(size_t, 3)))
CALL(l1_info_from_transaction,
     opsign_l1_info_from_transaction(BYTES(0), LEN(0), TO(opsign_l1_info, 1)))

/* What no row can say: numbers that stand for nothing. */
static void particular(const opsign_gossip_config *good) {
  slot data = sized("data"), signature = sized("signature");
  slot hash = input("hash"), chain_id = input("chain_id"), signed_payloads = sized("signed");
  opsign_verifier *verifier = (opsign_verifier *)make_verifier();
  int32_t verdicts[2];
  opsign_gossip_config bad = *good;
  opsign_gossip_memory *memory = (opsign_gossip_memory *)make_memory();
  opsign_gossip_block block;
  opsign_judgement judgement;
  opsign_span span;
  uint8_t address[20];
  size_t written;
  int32_t topic, rules;
  for (rules = -1; rules <= 2; rules += 3) {
    CHECK(opsign_recover_signer((const uint8_t *)chain_id.good, (const uint8_t *)hash.good,
                                (const uint8_t *)signature.good, 65, rules, &address) ==
          OPSIGN_ERROR_WRONG_TYPE);
    CHECK(opsign_verifier_verify(verifier, (const uint8_t *)chain_id.good, (const uint8_t *)hash.good,
                                 (const uint8_t *)signature.good, 65, rules) ==
          OPSIGN_ERROR_WRONG_TYPE);
    CHECK(opsign_verifier_verify_many(verifier, (const uint8_t *)chain_id.good,
                                      (const uint8_t *)signed_payloads.good, signed_payloads.size, rules,
                                      verdicts, 2, &written) == OPSIGN_ERROR_WRONG_TYPE);
    CHECK(written == 0);
  }
  CHECK(opsign_verifier_verify_many(verifier, (const uint8_t *)chain_id.good, NULL, 0,
                                    OPSIGN_RULES_STRICT, NULL, 0, &written) == OPSIGN_OK);
  CHECK(written == 0);
  opsign_verifier_free(verifier);
  for (topic = -1; topic <= 5; topic += topic == 0 ? 5 : 1) {
    bad.topic = topic;
    CHECK(opsign_gossip_validate(&bad, 0, NULL, 0, memory, &judgement) == OPSIGN_ERROR_UNKNOWN_TOPIC);
    CHECK(judgement.verdict == OPSIGN_VERDICT_REJECT && judgement.reason == 0);
    CHECK(opsign_gossip_decode(topic, (const uint8_t *)data.good, data.size, &block) ==
          OPSIGN_ERROR_UNKNOWN_TOPIC);
    CHECK(opsign_gossip_transactions(topic, (const uint8_t *)data.good, data.size, 0, &span, 1,
                                     &written) == OPSIGN_ERROR_UNKNOWN_TOPIC);
  }
  CHECK(opsign_gossip_validate(good, 0, NULL, 0, memory, &judgement) == OPSIGN_OK);
  CHECK(judgement.verdict == OPSIGN_VERDICT_REJECT && judgement.reason != 0);
  opsign_gossip_memory_free(memory);
}

/* The number of pointers and of lengths that a row has, for the comparison with the header. */
static void print_row(const row *r) {
  int i, pointers = 0, sizes = 0;
  for (i = 0; i < SLOTS; i++) {
    enum role role = r->slots[i].role;
    pointers += role != NOTHING && role != INDEX;
    sizes += role == SIZED || role == ROOM || role == INDEX;
  }
  printf("row %s %d %d\n", r->name, pointers, sizes);
}

int main(void) {
  opsign_gossip_config good;
  opsign_key_input key_input;
  opsign_key_output key_output;
  size_t i;
  memset(&good, 0, sizeof good);
  good.topic = 4;
  good.max_age = 60;
  good.jovian_time = OPSIGN_NEVER;
  memset(&key_input, 0, sizeof key_input);
  memset(&key_output, 0, sizeof key_output);
  key_output.format = OPSIGN_KEY_FORMAT_HEX;
  read_inputs();
  {
    const slot chain = input("chain_id"), hash = input("hash"), address = input("address");
    const slot signature = sized("signature"), tx = sized("set_code"), deposit = sized("deposit");
    const slot message = sized("message"), data = sized("data"), pem = sized("pem");
    const slot typed = sized("typed_data");
    const slot key_in = structure(&key_input, sizeof key_input);
    const slot key_out = structure(&key_output, sizeof key_output);
    const slot key = handle(HANDLE, make_key, free_key);
    const slot hasher = handle(HANDLE, make_hasher, free_hasher);
    const slot memory = handle(HANDLE, make_memory, free_memory);
    const slot verifier = handle(HANDLE, make_verifier, free_verifier);
    const slot out20 = output(20, 1), out32 = output(32, 1), out65 = output(65, 1);
    const slot written = output(sizeof(size_t), 8);
    key_input.bytes = (const uint8_t *)pem.good;
    key_input.len = pem.size;
#define ROW(name) "opsign_" #name, call_##name
    const row rows[] = {
        {ROW(version), {nothing()}},
        {ROW(error_name), {nothing()}},
        {ROW(error_message), {nothing()}},
        {ROW(gossip_reason_name), {nothing()}},
        {ROW(key_format_name), {nothing()}},
        {ROW(secret_key_free), {handle(FREED, make_key, free_key)}},
        {ROW(payload_hasher_free), {handle(FREED, make_hasher, free_hasher)}},
        {ROW(gossip_memory_free), {handle(FREED, make_memory, free_memory)}},
        {ROW(secret_key_from_bytes), {handle(NEW, NULL, free_key), sized("hash")}},
        {ROW(secret_key_read), {handle(NEW, NULL, free_key), key_in}},
        {ROW(key_recognise), {pem, output(sizeof(int32_t), 4)}},
        {ROW(key_convert), {key_in, key_out, room(64, 1, 1), written}},
        {ROW(secret_key_address), {key, out20}},
        {ROW(secret_key_sign_payload), {key, chain, hash, out65}},
        {ROW(chain_id_from_text), {sized("number_text"), out32}},
        {ROW(address_from_text), {sized("address_text"), out20}},
        {ROW(address_to_text), {address, output(43, 1)}},
        {ROW(payload_hash), {data, out32}},
        {ROW(payload_hasher_new), {handle(NEW, NULL, free_hasher)}},
        {ROW(payload_hasher_update), {hasher, data}},
        {ROW(payload_hasher_finish), {hasher, out32}},
        {ROW(payload_signing_hash), {chain, hash, out32}},
        {ROW(recover_signer), {chain, hash, signature, out20}},
        {ROW(verify_payload), {chain, hash, signature, address}},
        {ROW(verifier_new), {handle(NEW, NULL, free_verifier), address}},
        {ROW(verifier_free), {handle(FREED, make_verifier, free_verifier)}},
        {ROW(verifier_verify), {verifier, chain, hash, signature}},
        {ROW(verifier_verify_many), {verifier, chain, sized("signed"), room(2, sizeof(int32_t), 4), written}},
        {ROW(transaction_hash), {tx, out32}},
        {ROW(transaction_sender), {tx, out20}},
        {ROW(transaction_signing_hash), {tx, out32}},
        {ROW(transaction_decode), {tx, output(sizeof(opsign_transaction), 8)}},
        {ROW(transaction_access_list), {tx, place(), room(13, sizeof(opsign_access_item), 8), written}},
        {ROW(transaction_authorizations),
         {tx, place(), room(1, sizeof(opsign_signed_authorization), 8), written}},
        {ROW(secret_key_sign_transaction), {key, sized("unsigned"), room(400, 1, 1), written}},
        {ROW(personal_message_hash), {data, out32}},
        {ROW(secret_key_sign_personal_message), {key, sized("hash"), out65}},
        {ROW(personal_message_signer), {sized("hash"), signature, out20}},
        {ROW(typed_data_hash), {typed, out32}},
        {ROW(secret_key_sign_typed_data), {key, typed, out65}},
        {ROW(typed_data_signer), {typed, signature, out20}},
        {ROW(authorization_hash), {chain, address, out32}},
        {ROW(secret_key_sign_authorization), {key, chain, address, out65}},
        {ROW(authorization_signer), {chain, address, signature, out20}},
        {ROW(gossip_memory_new), {handle(NEW, NULL, free_memory)}},
        {ROW(gossip_validate), {structure(&good, sizeof good), message, memory, output(sizeof(opsign_judgement), 8)}},
        {ROW(gossip_decompressed_len), {message, written}},
        {ROW(gossip_decompress), {message, room(data.size, 1, 1), written}},
        {ROW(gossip_decode), {data, output(sizeof(opsign_gossip_block), 8)}},
        {ROW(gossip_transactions), {data, place(), room(2, sizeof(opsign_span), 8), written}},
        {ROW(l1_info_from_transaction), {deposit, output(sizeof(opsign_l1_info), 8)}},
    };
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
      arguments a;
      prepare(&rows[i], &a);
      CHECK(rows[i].call(&a) == OPSIGN_OK);
      clean(&rows[i], &a, &a);
      nulls(&rows[i]);
      misaligned(&rows[i]);
      lengths(&rows[i]);
      overlaps(&rows[i]);
      print_row(&rows[i]);
    }
  }
  particular(&good);
  for (i = 0; i < 16; i++) free(inputs[i].bytes);
  return finish();
}
