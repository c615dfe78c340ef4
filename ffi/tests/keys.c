/*
 * Keys in files, from C: what is wrong with an input or an output, which no row of misuse.c can say
 * since it stands inside a struct; and from each format into each other and back.
 */
#include "check.h"

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
  opsign_secret_key *key = NULL, *none = NULL;
  uint8_t address[20], expected[20];
  size_t length = 7, i;
  uint8_t *secret = unhex_all(HEX_KEY, &length);
  int32_t format = 7;
  memset(&input, 0, sizeof input);
  memset(&output, 0, sizeof output);
  input.bytes = (const uint8_t *)HEX_KEY;
  input.len = 64;
  CHECK(opsign_secret_key_from_bytes(&key, secret, length) == OPSIGN_OK);
  CHECK(opsign_secret_key_address(key, &expected) == OPSIGN_OK);
  opsign_secret_key_free(key);
  free(secret);

  CHECK(opsign_key_recognise(NULL, 0, &format) == OPSIGN_ERROR_KEY_FORMAT_UNKNOWN);
  CHECK(strcmp(opsign_key_format_name(0), "unknown") == 0);
  CHECK(strcmp(opsign_key_format_name(9), "unknown") == 0);
  CHECK(strcmp(opsign_key_format_name(-1), "unknown") == 0);
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
    memset(again, 0, sizeof again);
    CHECK(opsign_key_convert(&input, &output, (uint8_t *)again, length - 1, &length) ==
          OPSIGN_ERROR_TOO_SHORT);
    CHECK(length == 0 && all_zero(again, sizeof again));
    if (keystore) {
      back.passphrase_len--;
      CHECK(opsign_secret_key_read(&none, &back) == OPSIGN_ERROR_KEY_PASSPHRASE_WRONG);
      CHECK(none == NULL);
    }
  }
}

int main(void) {
  keys();
  return finish();
}
