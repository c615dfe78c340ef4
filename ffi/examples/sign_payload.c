/*
 * Signs a block payload and checks signatures, the way a sequencer and its peers do.
 *
 *   sign_payload                                    a made-up payload, signed and checked
 *   sign_payload CHAIN_ID PAYLOAD SIGNATURE ADDRESS
 *       checks the 130 hex digits of SIGNATURE over the file PAYLOAD; exit 0 yes, 1 no, 64 wrong
 *       usage, 65 bad input
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opsign.h"

static int fail(const char *what, int32_t error) {
  fprintf(stderr, "sign_payload: %s: %s (%s, %" PRId32 ")\n", what, opsign_error_message(error),
          opsign_error_name(error), error);
  return error == OPSIGN_ERROR_WRONG_SIGNER ? 1 : 65;
}

static int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* Reads exactly 65 bytes of hex. Returns 0 if the text is anything else. */
static int read_signature(const char *text, uint8_t signature[OPSIGN_SIGNATURE_LEN]) {
  size_t i;
  if (strncmp(text, "0x", 2) == 0) text += 2;
  if (strlen(text) != 2 * OPSIGN_SIGNATURE_LEN) return 0;
  for (i = 0; i < OPSIGN_SIGNATURE_LEN; i++) {
    int high = hex_value(text[2 * i]);
    int low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return 0;
    signature[i] = (uint8_t)(high << 4 | low);
  }
  return 1;
}

/* Hashes a file piece by piece: a payload may have 10 MiB. */
static int hash_file(const char *path, uint8_t hash[OPSIGN_HASH_LEN]) {
  uint8_t piece[4096], result[OPSIGN_HASH_LEN];
  opsign_payload_hasher *hasher = NULL;
  FILE *file = fopen(path, "rb");
  size_t length;
  int32_t error;

  if (file == NULL) {
    perror(path);
    return 65;
  }
  error = opsign_payload_hasher_new(&hasher);
  while (error == OPSIGN_OK && (length = fread(piece, 1, sizeof piece, file)) > 0)
    error = opsign_payload_hasher_update(hasher, piece, length);
  if (error == OPSIGN_OK && ferror(file)) {
    perror(path);
    fclose(file);
    opsign_payload_hasher_free(hasher);
    return 65;
  }
  if (error == OPSIGN_OK) error = opsign_payload_hasher_finish(hasher, &result);
  opsign_payload_hasher_free(hasher);
  fclose(file);
  if (error != OPSIGN_OK) return fail(path, error);
  memcpy(hash, result, sizeof result);
  return 0;
}

static int check(const char *chain_id_text, const char *path, const char *signature_text,
                 const char *address_text) {
  uint8_t chain_id[OPSIGN_CHAIN_ID_LEN], hash[OPSIGN_HASH_LEN];
  uint8_t signature[OPSIGN_SIGNATURE_LEN], address[OPSIGN_ADDRESS_LEN];
  int32_t error = opsign_chain_id_from_text(chain_id_text, strlen(chain_id_text), &chain_id);
  int status;

  if (error != OPSIGN_OK) return fail("chain id", error);
  error = opsign_address_from_text(address_text, strlen(address_text), &address);
  if (error != OPSIGN_OK) return fail("address", error);
  if (!read_signature(signature_text, signature)) {
    fprintf(stderr, "sign_payload: the signature must be 130 hex digits\n");
    return 65;
  }
  status = hash_file(path, hash);
  if (status != 0) return status;
  error = opsign_verify_payload(chain_id, hash, signature, sizeof signature,
                                OPSIGN_RULES_STRICT, address);
  if (error != OPSIGN_OK) return fail("signature", error);
  printf("valid: %s signed %s on chain %s\n", address_text, path, chain_id_text);
  return 0;
}

static int demonstrate(void) {
  static const char payload[] = "the bytes that op-node gossips after the signature";
  static const uint8_t secret[OPSIGN_SECRET_KEY_LEN] = {1}; /* use a real key, not this one */
  uint8_t chain_id[OPSIGN_CHAIN_ID_LEN], hash[OPSIGN_HASH_LEN];
  uint8_t signature[OPSIGN_SIGNATURE_LEN], address[OPSIGN_ADDRESS_LEN];
  uint8_t recovered[OPSIGN_ADDRESS_LEN];
  char text[OPSIGN_ADDRESS_TEXT_LEN];
  opsign_secret_key *key = NULL;
  int32_t error;

  error = opsign_secret_key_from_bytes(&key, secret, sizeof secret);
  if (error != OPSIGN_OK) return fail("secret key", error);
  error = opsign_secret_key_address(key, &address);
  if (error == OPSIGN_OK) error = opsign_address_to_text(address, &text);
  if (error == OPSIGN_OK) error = opsign_chain_id_from_text("10", 2, &chain_id);
  if (error == OPSIGN_OK)
    error = opsign_payload_hash((const uint8_t *)payload, sizeof payload - 1, &hash);
  if (error == OPSIGN_OK)
    error = opsign_secret_key_sign_payload(key, chain_id, hash, &signature);
  opsign_secret_key_free(key);
  if (error != OPSIGN_OK) return fail("signing", error);

  error = opsign_recover_signer(chain_id, hash, signature, sizeof signature,
                                OPSIGN_RULES_STRICT, &recovered);
  if (error != OPSIGN_OK) return fail("recovery", error);
  if (memcmp(recovered, address, sizeof address) != 0) return 1;
  printf("signed and recovered: %s\n", text);

  signature[10] ^= 1;
  error = opsign_verify_payload(chain_id, hash, signature, sizeof signature,
                                OPSIGN_RULES_STRICT, address);
  if (error == OPSIGN_OK) {
    fprintf(stderr, "sign_payload: a changed signature was accepted\n");
    return 1;
  }
  printf("with one bit flipped: %s\n", opsign_error_message(error));
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 1) return demonstrate();
  if (argc == 5) return check(argv[1], argv[2], argv[3], argv[4]);
  fprintf(stderr, "usage: %s [CHAIN_ID PAYLOAD SIGNATURE ADDRESS]\n", argv[0]);
  return 64;
}
