/*
 * What the shipped library leaves on the stack: a key is loaded, used and freed in a thread whose
 * stack is painted before and searched after. scripts/secrets.sh runs it.
 *
 *   stack          nothing of the key may be found
 *   stack planted  the same, and a copy of the key on the stack: must be found
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opsign.h"

#define SIZE ((size_t)1 << 20)

static uint8_t *secret;
static int planted;
static int32_t failed;

static void plant(void) {
  volatile uint8_t copy[32];
  size_t i;
  for (i = 0; i < sizeof copy; i++) copy[i] = secret[i];
}

static void *work(void *unused) {
  uint8_t chain_id[32] = {0}, hash[32] = {7}, signature[65], address[20];
  opsign_secret_key *key = NULL;
  (void)unused;
  failed = opsign_secret_key_from_bytes(&key, secret, 32);
  if (failed == OPSIGN_OK) failed = opsign_secret_key_address(key, &address);
  if (failed == OPSIGN_OK) failed = opsign_secret_key_sign_payload(key, chain_id, hash, &signature);
  opsign_secret_key_free(key);
  if (planted) plant();
  return NULL;
}

/* How many times eight bytes in a row of the key are there, as bytes or as words from the lowest. */
static unsigned found(const uint8_t *memory) {
  uint8_t reversed[32];
  unsigned count = 0;
  size_t at, piece;
  for (at = 0; at < 32; at++) reversed[at] = secret[31 - at];
  for (at = 0; at + 8 <= SIZE; at++)
    for (piece = 0; piece < 32; piece += 8)
      count += memcmp(memory + at, secret + piece, 8) == 0 ||
               memcmp(memory + at, reversed + piece, 8) == 0;
  return count;
}

int main(int argc, char **argv) {
  pthread_attr_t attributes;
  pthread_t thread;
  uint8_t *stack = NULL;
  unsigned count;
  size_t i, lowest;

  planted = argc > 1 && strcmp(argv[1], "planted") == 0;
  secret = malloc(32);
  if (secret == NULL || posix_memalign((void **)&stack, 4096, SIZE) != 0) return 70;
  for (i = 0; i < 32; i++) secret[i] = (uint8_t)(0x5a ^ (7 * i + 1));
  memset(stack, 0xa5, SIZE);
  if (pthread_attr_init(&attributes) != 0 || pthread_attr_setstack(&attributes, stack, SIZE) != 0 ||
      pthread_create(&thread, &attributes, work, NULL) != 0 || pthread_join(thread, NULL) != 0)
    return 70;
  if (failed != OPSIGN_OK) {
    fprintf(stderr, "%s\n", opsign_error_message(failed));
    return 70;
  }
  for (lowest = 0; stack[lowest] == 0xa5; lowest++) {}
  count = found(stack);
  printf("%u pieces of the key in %lu bytes of stack\n", count, (unsigned long)(SIZE - lowest));
  free(stack);
  free(secret);
  return count != 0;
}
