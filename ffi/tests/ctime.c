/*
 * Signs with a key whose bytes memcheck takes for undefined: every branch and every address that
 * depends on them is reported. scripts/ctime.sh runs it and reads the reports.
 *
 *   ctime sign        load a key, derive its address, sign; only results are made defined
 *   ctime branch      the same, and a branch on a key byte: must be reported
 *   ctime table       the same, and a table indexed by a key byte: must be reported
 */
#include <stdio.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "opsign.h"

static volatile uint8_t table[256];
static volatile unsigned sink;

static void plant_branch(const uint8_t *secret) {
  if (secret[5] & 1) sink++;
}

static void plant_table(const uint8_t *secret) { sink += table[secret[5]]; }

/* How many bits of a result still depend on the key: none would mean that nothing was followed. */
static unsigned tainted(void *result, size_t length) {
  uint8_t bits[65];
  unsigned count = 0;
  size_t i;
  int j;
  if (VALGRIND_GET_VBITS(result, bits, length) != 1) return 0;
  for (i = 0; i < length; i++)
    for (j = 0; j < 8; j++) count += bits[i] >> j & 1;
  VALGRIND_MAKE_MEM_DEFINED(result, length);
  return count;
}

int main(int argc, char **argv) {
  uint8_t secret[32], chain_id[32] = {0}, hash[32], address[20], signature[65];
  opsign_secret_key *key = NULL;
  unsigned address_bits, signature_bits;
  int32_t error;

  if (argc != 2 || !RUNNING_ON_VALGRIND) return 64;
  memset(secret, 0x42, sizeof secret);
  memset(hash, 7, sizeof hash);
  VALGRIND_MAKE_MEM_UNDEFINED(secret, sizeof secret);

  error = opsign_secret_key_from_bytes(&key, secret, sizeof secret);
  VALGRIND_MAKE_MEM_DEFINED(&error, sizeof error);
  VALGRIND_MAKE_MEM_DEFINED(&key, sizeof key);
  if (error != OPSIGN_OK) return 1;
  error = opsign_secret_key_address(key, &address);
  VALGRIND_MAKE_MEM_DEFINED(&error, sizeof error);
  if (error != OPSIGN_OK) return 1;
  error = opsign_secret_key_sign_payload(key, chain_id, hash, &signature);
  VALGRIND_MAKE_MEM_DEFINED(&error, sizeof error);
  if (error != OPSIGN_OK) return 1;
  if (strcmp(argv[1], "branch") == 0) plant_branch(secret);
  if (strcmp(argv[1], "table") == 0) plant_table(secret);

  address_bits = tainted(address, sizeof address);
  signature_bits = tainted(signature, 64);
  opsign_secret_key_free(key);
  printf("%u bits of the address and %u of the signature depend on the key\n", address_bits,
         signature_bits);
  return address_bits == 160 && signature_bits > 500 ? 0 : 1;
}
