/* What the C test programs share: counted checks, and hex. Every program uses all of it. */
#ifndef CHECK_H
#define CHECK_H

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

/* The last line of a program, and its exit code. */
static int finish(void) {
  printf("%d checks, %d failed\n", checks, failures);
  return failures == 0 && checks > 0 ? 0 : 1;
}

static int all_zero(const void *bytes, size_t length) {
  const uint8_t *p = (const uint8_t *)bytes;
  size_t i;
  for (i = 0; i < length; i++)
    if (p[i] != 0) return 0;
  return 1;
}

/* The bytes of lower-case hex after 0x, to be freed. */
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

#endif
