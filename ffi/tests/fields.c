/*
 * Every field that the library decodes, against the vectors: lines of words that fields.mjs makes.
 * Blocks are compared with their bytes as well, at the offsets of the SSZ execution payload.
 *
 *   transaction RAW FIELDS SIGNING_HASH
 *   refused RAW
 *   authorization SECRET_KEY CHAIN_ID ADDRESS NONCE HASH SIGNATURE AUTHORITY
 *   block TOPIC MESSAGE PAYLOAD_HASH SIGNATURE (- | NUMBER TIMESTAMP PARENT HASH ROOT)
 *   rule TOPIC MESSAGE (ok | any | REASON)
 *   l1 RAW (- | NUMBER TIMESTAMP SEQUENCE_NUMBER HASH)
 *   count NUMBER      how many lines there were before this one
 */
#include <inttypes.h>
#include <stdarg.h>

#include "check.h"

/* ---- text that grows ---- */

static char *text = NULL;
static size_t text_length = 0, text_room = 0;

static void put(const char *format, ...) {
  va_list values;
  size_t length;
  if (text_room - text_length < 128) {
    text_room = 2 * text_room + 4096;
    text = (char *)realloc(text, text_room);
    if (text == NULL) abort();
  }
  va_start(values, format);
  length = (size_t)vsnprintf(text + text_length, text_room - text_length, format, values);
  va_end(values);
  if (length >= text_room - text_length) abort();
  text_length += length;
}

static void put_hex(const uint8_t *bytes, size_t length) {
  size_t i;
  for (i = 0; i < length; i++) put("%02x", bytes[i]);
}

/* A value if there is one, else a dash; then the value must be zero. */
static void put_if(int there, const uint8_t *bytes, size_t length) {
  if (there) put_hex(bytes, length);
  else put("-");
  if (!there) CHECK(all_zero(bytes, length));
}

static int is_text(const char *expected) { return strcmp(text, expected) == 0; }

static int is_hex(const uint8_t *bytes, size_t length, const char *expected) {
  text_length = 0;
  put_hex(bytes, length);
  return is_text(strncmp(expected, "0x", 2) == 0 ? expected + 2 : expected);
}

/* ---- transactions ---- */

static void put_access_list(const uint8_t *raw, size_t length, size_t count) {
  opsign_access_item *items = (opsign_access_item *)calloc(count + 1, sizeof *items);
  opsign_access_item one;
  size_t i, k, written = 0;
  if (items == NULL) abort();
  CHECK(opsign_transaction_access_list(raw, length, 0, items, count + 1, &written) == OPSIGN_OK);
  CHECK(written == count);
  for (i = 0; i < count; i++) {
    put(i == 0 ? "" : ";");
    put_hex(items[i].address, 20);
    for (k = 0; k < items[i].storage_keys.count; k++) {
      put("/");
      put_hex(raw + items[i].storage_keys.offset + k * OPSIGN_HASH_STRIDE, 32);
    }
  }
  if (count > 0) {
    CHECK(opsign_transaction_access_list(raw, length, count - 1, &one, 1, &written) == OPSIGN_OK);
    CHECK(written == 1 && memcmp(&one, &items[count - 1], sizeof one) == 0);
  }
  CHECK(opsign_transaction_access_list(raw, length, count, &one, 1, &written) == OPSIGN_OK);
  CHECK(written == 0);
  free(items);
}

static void put_authorizations(const uint8_t *raw, size_t length, size_t count) {
  opsign_signed_authorization *items =
      (opsign_signed_authorization *)calloc(count + 1, sizeof *items);
  opsign_signed_authorization one;
  size_t i, written = 0;
  if (items == NULL) abort();
  CHECK(opsign_transaction_authorizations(raw, length, 0, items, count + 1, &written) == OPSIGN_OK);
  CHECK(written == count);
  for (i = 0; i < count; i++) {
    uint8_t authority[20];
    int32_t error = opsign_authorization_signer(items[i].chain_id, items[i].code_address,
                                                items[i].nonce, items[i].signature, 65, &authority);
    put(i == 0 ? "" : ";");
    put_hex(items[i].chain_id, 32);
    put("/");
    put_hex(items[i].code_address, 20);
    put("/%" PRIu64 "/", items[i].nonce);
    put_hex(items[i].signature, 32);
    put("/");
    put_hex(items[i].signature + 32, 32);
    put("/%u/", (unsigned)items[i].signature[64]);
    put_if(error == OPSIGN_OK, authority, 20);
  }
  if (count > 0) {
    CHECK(opsign_transaction_authorizations(raw, length, count - 1, &one, 1, &written) == OPSIGN_OK);
    CHECK(written == 1 && memcmp(&one, &items[count - 1], sizeof one) == 0);
  }
  free(items);
}

static void put_transaction(const uint8_t *raw, size_t length, const opsign_transaction *t) {
  const int deposit = t->kind == OPSIGN_TRANSACTION_DEPOSIT;
  const int fees = t->kind >= 2 && !deposit;
  uint8_t hash[32];
  size_t i;
  put("%d,", t->kind);
  put_if(t->has_chain_id, t->chain_id, 32);
  if (deposit) put(",-,");
  else put(",%" PRIu64 ",", t->nonce);
  put("%" PRIu64 ",", t->gas);
  put_if(t->kind < 2, t->gas_price, 32);
  put(",");
  put_if(fees, t->max_priority_fee_per_gas, 32);
  put(",");
  put_if(fees, t->max_fee_per_gas, 32);
  put(",");
  put_if(t->kind == 3, t->max_fee_per_blob_gas, 32);
  put(",");
  put_if(t->has_to, t->to, 20);
  put(",");
  put_hex(t->value, 32);
  put(",");
  CHECK(t->input.offset <= length && t->input.length <= length - t->input.offset);
  CHECK(opsign_payload_hash(raw + t->input.offset, (size_t)t->input.length, &hash) == OPSIGN_OK);
  put_hex(hash, 32); /* keccak256, as op-geth's vectors have it */
  put(",%" PRIu64 ",", t->input.length);
  if (t->kind == 0 || deposit) put("-");
  else put_access_list(raw, length, (size_t)t->access_list_count);
  put(",");
  if (t->kind != 3) put("-");
  for (i = 0; i < t->blob_versioned_hashes.count; i++) {
    put(i == 0 ? "" : ";");
    put_hex(raw + t->blob_versioned_hashes.offset + i * OPSIGN_HASH_STRIDE, 32);
  }
  put(",");
  if (t->kind != 4) put("-");
  else put_authorizations(raw, length, (size_t)t->authorization_count);
  put(",");
  put_if(!deposit, t->v, 32);
  put(",");
  put_if(!deposit, t->r, 32);
  put(",");
  put_if(!deposit, t->s, 32);
  put(",");
  put_if(deposit, t->source_hash, 32);
  put(",");
  put_if(deposit, t->from, 20);
  put(",");
  put_if(deposit, t->mint, 32);
  if (deposit) put(",%d,", t->is_system);
  else put(",-,");
  if (t->has_sidecar)
    put("%d/%" PRIu64 "/%" PRIu64 "/%" PRIu64, t->sidecar_version, t->blob_count,
        t->commitment_count, t->proof_count);
  else
    put("-");
  CHECK(all_zero(t->reserved, sizeof t->reserved));
  CHECK(all_zero(t->reserved_flags, sizeof t->reserved_flags));
}

static void transaction(char **word) {
  opsign_transaction fields;
  uint8_t hash[32];
  size_t length;
  uint8_t *raw = unhex_all(word[1], &length);
  int32_t error;
  CHECK(opsign_transaction_decode(raw, length, &fields) == OPSIGN_OK);
  text_length = 0;
  put_transaction(raw, length, &fields);
  if (!is_text(word[2])) fprintf(stderr, "want %s\ngot  %s\n", word[2], text);
  CHECK(is_text(word[2]));
  error = opsign_transaction_signing_hash(raw, length, &hash);
  if (fields.kind == OPSIGN_TRANSACTION_DEPOSIT) CHECK(error == OPSIGN_ERROR_DEPOSIT_NOT_SIGNABLE);
  /* op-geth has none for a legacy transaction of an odd v. */
  else CHECK(error == OPSIGN_OK && (word[3][0] == '-' || is_hex(hash, 32, word[3])));
  free(raw);
}

static void refuse(char **word) {
  opsign_transaction fields;
  size_t length, written = 1;
  uint8_t *raw = unhex_all(word[1], &length);
  int32_t error = opsign_transaction_decode(raw, length, &fields);
  CHECK(error != OPSIGN_OK && error != OPSIGN_ERROR_INTERNAL && all_zero(&fields, sizeof fields));
  CHECK(opsign_transaction_access_list(raw, length, 0, NULL, 0, &written) == error && written == 0);
  free(raw);
}

static void authorization(char **word) {
  size_t length;
  uint8_t *chain_id = unhex_all(word[2], &length), *address = unhex_all(word[3], &length);
  uint8_t *signature = unhex_all(word[6], &length);
  uint64_t nonce = strtoull(word[4], NULL, 10);
  uint8_t hash[32], authority[20], made[65];
  int32_t error;
  CHECK(length == 65);
  CHECK(opsign_authorization_hash(chain_id, address, nonce, &hash) == OPSIGN_OK);
  CHECK(is_hex(hash, 32, word[5]));
  error = opsign_authorization_signer(chain_id, address, nonce, signature, length, &authority);
  CHECK((error == OPSIGN_OK) == (word[7][0] != '-'));
  CHECK(error == OPSIGN_OK ? is_hex(authority, 20, word[7]) : all_zero(authority, 20));
  if (word[1][0] != '-') {
    opsign_secret_key *key = NULL;
    uint8_t *secret = unhex_all(word[1], &length);
    CHECK(opsign_secret_key_from_bytes(&key, secret, length) == OPSIGN_OK);
    CHECK(opsign_secret_key_sign_authorization(key, chain_id, address, nonce, &made) == OPSIGN_OK);
    CHECK(memcmp(made, signature, 65) == 0);
    opsign_secret_key_free(key);
    free(secret);
  }
  free(signature);
  free(address);
  free(chain_id);
}

/* ---- gossip ---- */

static uint64_t little_endian(const uint8_t *bytes, size_t length) {
  uint64_t number = 0;
  while (length > 0) number = number << 8 | bytes[--length];
  return number;
}

/* Decompresses; NULL, with the reason, if that cannot be done. */
static uint8_t *decompress(const char *hex, size_t *length, int32_t *error) {
  size_t compressed, again;
  uint8_t *message = unhex_all(hex, &compressed), *data = NULL;
  *error = opsign_gossip_decompressed_len(message, compressed, length);
  if (*error == OPSIGN_OK) {
    data = (uint8_t *)malloc(*length);
    if (data == NULL) abort();
    CHECK(opsign_gossip_decompress(message, compressed, data, *length - 1, &again) ==
          OPSIGN_ERROR_TOO_SHORT);
    *error = opsign_gossip_decompress(message, compressed, data, *length, &again);
    CHECK(again == (*error == OPSIGN_OK ? *length : 0));
  }
  free(message);
  if (*error == OPSIGN_OK) return data;
  free(data);
  return NULL;
}

/* A block against its bytes: the fixed part of the SSZ execution payload, then what it points to. */
static void compare(int32_t topic, const uint8_t *data, size_t length, const opsign_gossip_block *b) {
  const int v3 = topic >= 3;
  const uint8_t *ssz = data + 65 + (v3 ? 32 : 0);
  const size_t ssz_length = length - (size_t)(ssz - data), at = (size_t)(ssz - data);
  const uint64_t extra = little_endian(ssz + 436, 4), list = little_endian(ssz + 504, 4);
  const uint64_t end = topic == 1 ? ssz_length : little_endian(ssz + 508, 4);
  uint8_t fee[32];
  size_t i, written = 0;
  opsign_span *places = (opsign_span *)calloc((size_t)b->transaction_count + 1, sizeof *places);
  if (places == NULL) abort();
  CHECK(memcmp(b->signature, data, 65) == 0);
  CHECK(b->payload.offset == 65 && b->payload.length == length - 65);
  CHECK(b->has_parent_beacon_block_root == v3 && b->has_blob_gas == v3);
  CHECK(b->has_withdrawals_root == (topic == 4));
  CHECK(v3 ? memcmp(b->parent_beacon_block_root, data + 65, 32) == 0
           : all_zero(b->parent_beacon_block_root, 32));
  CHECK(memcmp(b->parent_hash, ssz, 32) == 0);
  CHECK(memcmp(b->fee_recipient, ssz + 32, 20) == 0);
  CHECK(memcmp(b->state_root, ssz + 52, 32) == 0);
  CHECK(memcmp(b->receipts_root, ssz + 84, 32) == 0);
  CHECK(b->logs_bloom.offset == at + 116 && b->logs_bloom.length == 256);
  CHECK(memcmp(b->prev_randao, ssz + 372, 32) == 0);
  CHECK(b->number == little_endian(ssz + 404, 8));
  CHECK(b->gas_limit == little_endian(ssz + 412, 8));
  CHECK(b->gas_used == little_endian(ssz + 420, 8));
  CHECK(b->timestamp == little_endian(ssz + 428, 8));
  for (i = 0; i < 32; i++) fee[i] = ssz[440 + 31 - i];
  CHECK(memcmp(b->base_fee_per_gas, fee, 32) == 0);
  CHECK(memcmp(b->block_hash, ssz + 472, 32) == 0);
  CHECK(b->blob_gas_used == (v3 ? little_endian(ssz + 512, 8) : 0));
  CHECK(b->excess_blob_gas == (v3 ? little_endian(ssz + 520, 8) : 0));
  CHECK(topic == 4 ? memcmp(b->withdrawals_root, ssz + 528, 32) == 0
                   : all_zero(b->withdrawals_root, 32));
  CHECK(b->extra_data.length == list - extra);
  CHECK(b->extra_data.offset == (list == extra ? 0 : at + extra));
  CHECK(b->withdrawal_count == (ssz_length - end) / 44);
  CHECK(b->transaction_count == (end == list ? 0 : little_endian(ssz + list, 4) / 4));
  CHECK(opsign_gossip_transactions(topic, data, length, 0, places,
                                   (size_t)b->transaction_count + 1, &written) == OPSIGN_OK);
  CHECK(written == b->transaction_count);
  for (i = 0; i < written; i++) {
    const uint64_t from = little_endian(ssz + list + 4 * i, 4);
    const uint64_t to = i + 1 == written ? end - list : little_endian(ssz + list + 4 * i + 4, 4);
    opsign_span one;
    size_t count;
    CHECK(places[i].length == to - from);
    CHECK(places[i].offset == (to == from ? 0 : at + list + from));
    if (i > 100 && i + 1 != written) continue; /* a million of them are asked for at once only */
    CHECK(opsign_gossip_transactions(topic, data, length, i, &one, 1, &count) == OPSIGN_OK);
    CHECK(count == 1 && memcmp(&one, &places[i], sizeof one) == 0);
  }
  if (b->has_l1_info) {
    opsign_l1_info info;
    CHECK(opsign_l1_info_from_transaction(data + places[0].offset, (size_t)places[0].length, &info) ==
          OPSIGN_OK);
    CHECK(memcmp(&info, &b->l1_info, sizeof info) == 0);
  } else {
    CHECK(all_zero(&b->l1_info, sizeof b->l1_info));
  }
  CHECK(all_zero(b->reserved, sizeof b->reserved));
  CHECK(all_zero(b->reserved_flags, sizeof b->reserved_flags));
  free(places);
}

static long l1_origins = 0, right_hashes = 0;

static void block(char **word) {
  const int32_t topic = (int32_t)strtol(word[1], NULL, 10);
  opsign_gossip_block fields;
  uint8_t hash[32];
  size_t length;
  int32_t error;
  uint8_t *data = decompress(word[2], &length, &error);
  CHECK(data != NULL);
  if (data == NULL) return;
  CHECK(opsign_payload_hash(data + 65, length - 65, &hash) == OPSIGN_OK && is_hex(hash, 32, word[3]));
  CHECK(is_hex(data, 65, word[4]));
  error = opsign_gossip_decode(topic, data, length, &fields);
  CHECK((error == OPSIGN_OK) == (word[5][0] != '-'));
  if (error == OPSIGN_OK) {
    CHECK(fields.number == strtoull(word[5], NULL, 10));
    CHECK(fields.timestamp == strtoull(word[6], NULL, 10));
    CHECK(is_hex(fields.parent_hash, 32, word[7]));
    CHECK(is_hex(fields.block_hash, 32, word[8]));
    CHECK(fields.has_parent_beacon_block_root == (word[9][0] != '-'));
    if (word[9][0] != '-') CHECK(is_hex(fields.parent_beacon_block_root, 32, word[9]));
    compare(topic, data, length, &fields);
    l1_origins += fields.has_l1_info;
    right_hashes += memcmp(fields.block_hash, fields.computed_block_hash, 32) == 0;
  } else {
    CHECK(all_zero(&fields, sizeof fields));
  }
  free(data);
}

static void rule(char **word) {
  const int32_t topic = (int32_t)strtol(word[1], NULL, 10);
  opsign_gossip_block fields;
  size_t length;
  int32_t error;
  uint8_t *data = decompress(word[2], &length, &error);
  if (data != NULL) error = opsign_gossip_decode(topic, data, length, &fields);
  if (strcmp(word[3], "any") != 0) CHECK(strcmp(opsign_error_name(error), word[3]) == 0);
  if (error != OPSIGN_OK) CHECK(strcmp(opsign_error_message(error), "no error has this number") != 0);
  if (data != NULL && error == OPSIGN_OK) compare(topic, data, length, &fields);
  free(data);
}

static void l1(char **word) {
  opsign_l1_info info;
  size_t length;
  uint8_t *raw = unhex_all(word[1], &length);
  int32_t error = opsign_l1_info_from_transaction(raw, length, &info);
  CHECK((error == OPSIGN_OK) == (word[2][0] != '-'));
  if (word[2][0] == '-') {
    CHECK(all_zero(&info, sizeof info));
  } else {
    CHECK(info.number == strtoull(word[2], NULL, 10));
    CHECK(info.timestamp == strtoull(word[3], NULL, 10));
    CHECK(info.sequence_number == strtoull(word[4], NULL, 10));
    CHECK(is_hex(info.hash, 32, word[5]));
  }
  free(raw);
}

int main(void) {
  size_t room = (size_t)32 << 20;
  char *line = (char *)malloc(room);
  long lines = 0, counted = -1;
  if (line == NULL) abort();
  put(" ");
  CHECK(sizeof(opsign_transaction) == 640 && sizeof(opsign_access_item) == 40);
  CHECK(sizeof(opsign_signed_authorization) == 128 && sizeof(opsign_gossip_block) == 640);
  CHECK(sizeof(opsign_l1_info) == 56 && sizeof(opsign_judgement) == 72);
  while (fgets(line, (int)room, stdin) != NULL) {
    char *word[11] = {0};
    size_t words = 0;
    line[strcspn(line, "\n")] = 0;
    word[0] = strtok(line, " ");
    while (word[words] != NULL && words < 10) word[++words] = strtok(NULL, " ");
    if (words < 2) abort();
    if (strcmp(word[0], "count") == 0) {
      counted = strtol(word[1], NULL, 10);
      continue;
    }
    lines++;
    if (strcmp(word[0], "transaction") == 0) transaction(word);
    else if (strcmp(word[0], "refused") == 0) refuse(word);
    else if (strcmp(word[0], "authorization") == 0) authorization(word);
    else if (strcmp(word[0], "block") == 0) block(word);
    else if (strcmp(word[0], "rule") == 0) rule(word);
    else if (strcmp(word[0], "l1") == 0) l1(word);
    else abort();
  }
  CHECK(lines > 0 && lines == counted);
  CHECK(l1_origins > 20 && right_hashes > 20);
  printf("%ld lines of fields, ", lines);
  free(line);
  free(text);
  return finish();
}
