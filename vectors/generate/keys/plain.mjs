// Hex and raw bytes.

import { ORDER, fromHex, pseudorandom, toHex, uint256 } from './common.mjs';

export function plain({ key, error }) {
  const secret = pseudorandom('plain');
  const hex = toHex(secret);
  const digits = hex.slice(2);

  key('hex', 'As geth and opsign write it.', 'hex', digits, hex);
  key('hex_0x', 'With a prefix.', 'hex', hex, hex);
  key('hex_upper', 'Capital digits.', 'hex', digits.toUpperCase(), hex);
  key('hex_0x_upper', 'Capital digits with a prefix.', 'hex', '0x' + digits.toUpperCase(), hex);
  key('hex_line', 'With a line end.', 'hex', hex + '\n', hex);
  key('hex_crlf', 'With a line end of Windows.', 'hex', hex + '\r\n', hex);
  key('hex_space', 'With white space on both sides.', 'hex', ` \t\n${hex} \n\n`, hex);
  key('hex_bom', 'With the byte order mark that editors on Windows write.', 'hex', '\ufeff' + digits, hex);
  for (const [name, number] of [
    ['one', 1n],
    ['n_minus_1', ORDER - 1n],
  ]) {
    key(`hex_${name}`, 'At the edge of the range.', 'hex', toHex(uint256(number)), toHex(uint256(number)));
    key(`raw_${name}`, 'At the edge of the range.', 'raw', uint256(number), toHex(uint256(number)));
  }
  for (const [name, number] of [
    ['zero', 0n],
    ['n', ORDER],
    ['n_plus_1', ORDER + 1n],
    ['max', (1n << 256n) - 1n],
  ]) {
    error(`hex_${name}`, 'Out of range.', 'hex', toHex(uint256(number)), 'secret_out_of_range');
    error(`raw_${name}`, 'Out of range.', 'raw', uint256(number), 'secret_out_of_range');
  }
  error('hex_63', 'One digit is missing.', 'hex', digits.slice(1), 'hex_malformed');
  error('hex_65', 'One digit too many.', 'hex', digits + '0', 'hex_malformed');
  error('hex_62', 'A byte is missing, perhaps a leading zero.', 'hex', hex.slice(0, -2), 'hex_malformed');
  error('hex_32', 'Half a key: 32 bytes, but no raw key.', 'hex', digits.slice(32), 'hex_malformed');
  error('hex_letter', 'The letter O for the digit 0.', 'hex', 'O' + digits.slice(1), 'hex_malformed');
  error('hex_capital_prefix', 'A prefix of 0X is none.', 'hex', '0X' + digits, 'hex_malformed');
  error('hex_prefix_only', 'No digits.', 'hex', '0x', 'hex_malformed');
  error('hex_public_key', 'A compressed public key.', 'hex', '02' + digits, 'hex_malformed');
  error('hex_signature', 'Twice as many digits as a key has.', 'hex', digits + digits, 'hex_malformed');
  error('hex_two', 'Two keys.', null, `${digits}\n${digits}\n`, 'format_unknown');
  error('hex_quoted', 'In quotes.', 'hex', `"${digits}"`, 'hex_malformed');
  error('hex_option', 'A passphrase for a key that is not encrypted.', 'hex', hex, 'option_unused', {
    passphrase: 'x',
  });
  error('hex_path', 'A path for a key that is no mnemonic.', 'hex', hex, 'option_unused', {
    path: "m/44'/60'/0'/0/0",
  });

  key('raw', 'The 32 bytes themselves.', 'raw', secret, hex);
  const likeDer = fromHex('302e0201' + digits.slice(8));
  key('raw_like_der', 'Begins as DER does; its length says what it is.', 'raw', likeDer, toHex(likeDer));
  const likeText = fromHex('0a' + '00'.repeat(30) + '41');
  key(
    'raw_like_text',
    'Has a line end in front, which is not white space here.',
    'raw',
    likeText,
    toHex(likeText),
  );
  error('raw_31', 'A byte is missing.', null, secret.slice(1), 'format_unknown');
  error('raw_33', 'A byte too many, here a line end.', null, [...secret, 10], 'format_unknown');
  error('raw_text', '32 letters are no raw key.', null, 'opsign'.repeat(5) + '..', 'format_unknown');

  error('empty', 'Nothing.', null, '', 'format_unknown');
  error('white_space', 'Nothing but white space.', null, ' \n', 'format_unknown');
  error('word', 'A word that is none of a mnemonic.', null, 'opsign', 'format_unknown');
  error(
    'utf16',
    'Hex in UTF-16, which editors on Windows write.',
    null,
    Buffer.from('\ufeff' + digits, 'utf16le'),
    'format_unknown',
  );
  error('json_array', 'JSON, but no keystore.', null, '[]', 'format_unknown');
}
