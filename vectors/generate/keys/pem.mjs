// SEC 1 and PKCS#8, PEM and DER, by OpenSSL.

import assert from 'node:assert/strict';
import { SigningKey } from 'ethers';
import { block, der, fromHex, openssl, opensslText, pseudorandom, toHex, uint256 } from './common.mjs';

const INTEGER = 2,
  BITS = 3,
  OCTETS = 4,
  NULL = 5,
  OID = 6,
  SEQUENCE = 0x30,
  SET = 0x31;
const context = (number) => 0xa0 | number;

const SECP256K1 = der(OID, fromHex('2b8104000a'));
const P256 = der(OID, fromHex('2a8648ce3d030107'));
const EC_PUBLIC_KEY = der(OID, fromHex('2a8648ce3d0201'));
const ONE = der(INTEGER, [1]);
const ZERO = der(INTEGER, [0]);

const P = 'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f';
const G = fromHex(SigningKey.computePublicKey(uint256(1n), false));
const N = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';

/** secp256k1's parameters one by one, to be wrong one at a time (SEC 1, section C.2). */
function explicit(change = {}) {
  const c = {
    version: ONE,
    field: der(OID, fromHex('2a8648ce3d0101')),
    prime: der(INTEGER, fromHex('00' + P)),
    a: der(OCTETS, uint256(0n)),
    b: der(OCTETS, uint256(7n)),
    seed: [],
    generator: der(OCTETS, G),
    order: der(INTEGER, fromHex('00' + N)),
    cofactor: ONE,
    after: [],
    ...change,
  };
  return der(
    SEQUENCE,
    c.version,
    der(SEQUENCE, c.field, c.prime),
    der(SEQUENCE, c.a, c.b, c.seed),
    c.generator,
    c.order,
    c.cofactor,
    c.after,
  );
}

const publicOf = (secret, compressed = false) => fromHex(SigningKey.computePublicKey(secret, compressed));

function sec1(secret, { version = ONE, curve = SECP256K1, point, after = [] } = {}) {
  return der(
    SEQUENCE,
    version,
    der(OCTETS, secret),
    curve ? der(context(0), curve) : [],
    point ? der(context(1), der(BITS, [0], point)) : [],
    after,
  );
}

function pkcs8(inner, { version = ZERO, oid = EC_PUBLIC_KEY, curve = SECP256K1, after = [] } = {}) {
  return der(SEQUENCE, version, der(SEQUENCE, oid, curve ?? []), der(OCTETS, inner), after);
}

/** Makes sure that OpenSSL takes the key, and for the one that we mean. */
function agreed(bytes, secret) {
  const form = toHex(bytes).startsWith('0x2d2d') || typeof bytes === 'string' ? 'PEM' : 'DER';
  const out = openssl(
    ['ec', '-inform', form, '-param_enc', 'named_curve', '-conv_form', 'uncompressed', '-outform', 'DER'],
    bytes,
  );
  assert.equal(toHex(out), toHex(sec1(secret, { point: publicOf(secret) })), 'OpenSSL reads another key');
  return bytes;
}

/** Makes sure that OpenSSL refuses the key, too. */
function refused(bytes) {
  const form = typeof bytes === 'string' ? 'PEM' : 'DER';
  assert.throws(() => openssl(['pkey', '-inform', form, '-check', '-noout'], bytes), 'OpenSSL takes it');
  return bytes;
}

export function pem({ key, error }) {
  const secret = pseudorandom('pem');
  const hex = toHex(secret);
  const point = publicOf(secret);
  const other = publicOf(pseudorandom('pem, another'));
  const bare = sec1(secret);

  // Everything OpenSSL writes about this key.
  const ec = (...args) => openssl(['ec', '-inform', 'DER', ...args], bare);
  const pkey = (...args) => openssl(['pkcs8', '-topk8', '-nocrypt', ...args], ec());
  const named = ec().toString();
  const all = {
    sec1_pem: ['As `openssl ec` writes it.', 'sec1_pem', named],
    sec1_pem_with_parameters: [
      'As `openssl ecparam -name secp256k1 -genkey` writes it, with the curve in a block before.',
      'sec1_pem',
      opensslText(['ecparam', '-name', 'secp256k1']) + named,
    ],
    sec1_pem_explicit: [
      'All parameters of the curve instead of its name.',
      'sec1_pem',
      ec('-param_enc', 'explicit').toString(),
    ],
    sec1_pem_explicit_with_parameters: [
      'As `openssl ecparam -param_enc explicit -genkey` writes it.',
      'sec1_pem',
      opensslText(['ecparam', '-name', 'secp256k1', '-param_enc', 'explicit']) +
        ec('-param_enc', 'explicit').toString(),
    ],
    sec1_pem_explicit_compressed: [
      'All parameters, generator and public key compressed.',
      'sec1_pem',
      ec('-param_enc', 'explicit', '-conv_form', 'compressed').toString(),
    ],
    sec1_pem_explicit_hybrid: [
      'All parameters, generator and public key in the hybrid form that nobody uses.',
      'sec1_pem',
      ec('-param_enc', 'explicit', '-conv_form', 'hybrid').toString(),
    ],
    sec1_pem_compressed: [
      'The public key compressed.',
      'sec1_pem',
      ec('-conv_form', 'compressed').toString(),
    ],
    sec1_pem_hybrid: ['The public key in hybrid form.', 'sec1_pem', ec('-conv_form', 'hybrid').toString()],
    sec1_pem_no_public: ['Without the public key.', 'sec1_pem', ec('-no_public').toString()],
    sec1_der: ['DER.', 'sec1_der', ec('-outform', 'DER')],
    sec1_der_explicit: [
      'DER with all parameters.',
      'sec1_der',
      ec('-outform', 'DER', '-param_enc', 'explicit'),
    ],
    sec1_der_no_public: ['DER without the public key.', 'sec1_der', ec('-outform', 'DER', '-no_public')],
    pkcs8_pem: ['As `openssl pkey` and `openssl genpkey` write it.', 'pkcs8_pem', pkey().toString()],
    pkcs8_der: ['DER.', 'pkcs8_der', pkey('-outform', 'DER')],
    pkcs8_pem_explicit: [
      'All parameters of the curve instead of its name.',
      'pkcs8_pem',
      opensslText(['pkcs8', '-topk8', '-nocrypt'], ec('-param_enc', 'explicit')),
    ],
    pkcs8_der_explicit: [
      'DER with all parameters.',
      'pkcs8_der',
      openssl(['pkcs8', '-topk8', '-nocrypt', '-outform', 'DER'], ec('-param_enc', 'explicit')),
    ],
    pkcs8_pem_explicit_compressed: [
      'All parameters, generator and public key compressed.',
      'pkcs8_pem',
      opensslText(['pkcs8', '-topk8', '-nocrypt'], ec('-param_enc', 'explicit', '-conv_form', 'compressed')),
    ],
    pkcs8_pem_no_public: [
      'Without the public key.',
      'pkcs8_pem',
      opensslText(['pkcs8', '-topk8', '-nocrypt'], ec('-no_public')),
    ],
  };
  for (const [name, [comment, format, input]] of Object.entries(all)) {
    key(name, comment, format, agreed(input, secret), hex);
  }

  // What others write.
  const usage = der(context(0), der(SEQUENCE, der(OID, fromHex('551d0f')), der(SET, der(BITS, [7, 0x80]))));
  const publicField = (bytes) => der(0x81, [0], bytes);
  const made = {
    sec1_der_cofactor_left_out: [
      'The cofactor is optional.',
      'sec1_der',
      sec1(secret, { curve: explicit({ cofactor: [] }), point }),
    ],
    sec1_der_short_coefficients: [
      'a and b in one byte each, as old versions of OpenSSL write them.',
      'sec1_der',
      sec1(secret, { curve: explicit({ a: der(OCTETS, [0]), b: der(OCTETS, [7]) }), point }),
    ],
    pkcs8_der_attributes: [
      'With an attribute, what the key may be used for.',
      'pkcs8_der',
      pkcs8(sec1(secret, { curve: null, point }), { after: usage }),
    ],
    pkcs8_der_both_curves: [
      'The curve is named twice, as Java writes it.',
      'pkcs8_der',
      pkcs8(sec1(secret, { point })),
    ],
  };
  for (const [name, [comment, format, input]] of Object.entries(made)) {
    key(name, comment, format, agreed(input, secret), hex);
  }
  // OpenSSL 3.0 does not know version 2 of PKCS#8 (RFC 5958), so these stand without it.
  const v2 = { version: ONE, after: publicField(point) };
  key(
    'pkcs8_der_v2',
    'RFC 5958: the public key outside.',
    'pkcs8_der',
    pkcs8(sec1(secret, { curve: null }), v2),
    hex,
  );
  key(
    'pkcs8_der_v2_attributes',
    'RFC 5958: an attribute and the public key.',
    'pkcs8_der',
    pkcs8(sec1(secret, { curve: null }), { version: ONE, after: Buffer.concat([usage, publicField(point)]) }),
    hex,
  );
  const small = uint256(0x1234n);
  key(
    'sec1_der_short_secret',
    'Leading zeros left out, as versions of OpenSSL before 1.0.1 did.',
    'sec1_der',
    agreed(sec1(fromHex('1234'), { point: publicOf(small) }), small),
    toHex(small),
  );
  key(
    'sec1_pem_leading_zeros',
    'With the leading zeros.',
    'sec1_pem',
    agreed(block('EC PRIVATE KEY', sec1(small, { point: publicOf(small) })), small),
    toHex(small),
  );

  // The frame.
  const inPem = (bytes, ...rest) => block('EC PRIVATE KEY', bytes, ...rest);
  const full = sec1(secret, { point });
  key('pem_crlf', 'Line ends of Windows.', 'sec1_pem', agreed(inPem(full, 64, '\r\n'), secret), hex);
  key(
    'pem_text_around',
    'Text before and after, as `openssl pkcs12` writes it.',
    'pkcs8_pem',
    `Bag Attributes\n    friendlyName: sequencer\nKey Attributes: <No Attributes>\n${pkey()}that was all\n`,
    hex,
  );
  key('pem_one_line', 'All base64 in one line.', 'sec1_pem', inPem(full, 1000), hex);
  key('pem_wide_lines', 'Lines of 76 characters, as MIME has them.', 'sec1_pem', inPem(full, 76), hex);
  key('pem_indented', 'Indented, as in a YAML file.', 'sec1_pem', inPem(full).replace(/^/gm, '    '), hex);
  key('pem_no_final_line_end', 'Cut behind the last dash.', 'sec1_pem', inPem(full).trimEnd(), hex);
  key(
    'pem_public_key_beside',
    'With the public key in a block of its own.',
    'sec1_pem',
    ec('-pubout').toString() + named,
    hex,
  );
  error('pem_public_key', 'A public key only.', null, ec('-pubout').toString(), 'format_unknown');
  error(
    'pem_parameters_only',
    'The curve only.',
    null,
    opensslText(['ecparam', '-name', 'secp256k1']),
    'format_unknown',
  );
  error(
    'pem_unknown_label',
    'A label that nobody knows.',
    null,
    block('SEQUENCER KEY', full),
    'format_unknown',
  );
  error('pem_two_keys', 'Two keys: which one is meant?', null, named + named, 'pem_malformed');
  error('pem_no_end', 'Cut off.', null, named.slice(0, 150), 'pem_malformed');
  error(
    'pem_other_end',
    'Begins and ends differently.',
    null,
    refused(named.replace('END EC', 'END')),
    'pem_malformed',
  );
  error(
    'pem_base64',
    'A character that is no base64.',
    null,
    refused(named.replace(/\n(.)/, '\n*')),
    'pem_malformed',
  );
  error(
    'pem_base64_short',
    'A character is missing.',
    null,
    refused(named.replace(/\n./, '\n')),
    'pem_malformed',
  );
  error(
    'pem_headers',
    'Header lines, but not those of encryption.',
    null,
    named.replace('KEY-----\n', 'KEY-----\nComment: mine\n\n'),
    'pem_malformed',
  );
  error(
    'pem_empty',
    'Nothing between the lines.',
    'sec1_pem',
    refused('-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----\n'),
    'der_malformed',
  );
  error(
    'pem_pkcs8_as_sec1',
    'The label says SEC 1, the content is PKCS#8.',
    'sec1_pem',
    block('EC PRIVATE KEY', pkcs8(full)),
    'der_malformed',
  );
  error(
    'pem_sec1_as_pkcs8',
    'The label says PKCS#8, the content is SEC 1.',
    'pkcs8_pem',
    block('PRIVATE KEY', full),
    'der_malformed',
  );
  error(
    'pem_passphrase',
    'A passphrase for a key that is not encrypted.',
    'sec1_pem',
    named,
    'option_unused',
    { passphrase: 'x' },
  );

  // Encrypted; made once by OpenSSL, with the passphrase "secret", since it salts.
  const encrypted = { sec1: ENCRYPTED_SEC1, pkcs8: ENCRYPTED_PKCS8 };
  for (const [shape, text] of Object.entries(encrypted)) {
    agreed(openssl(['ec', '-passin', 'pass:secret'], text), secret);
    error(`${shape}_pem_encrypted`, 'Encrypted by OpenSSL.', null, text, 'encrypted');
    error(
      `${shape}_pem_encrypted_passphrase`,
      'Encrypted by OpenSSL; a passphrase does not help.',
      null,
      text,
      'encrypted',
      { passphrase: 'secret' },
    );
  }
  const encryptedDer = Buffer.from(ENCRYPTED_PKCS8.replace(/-.*-/g, ''), 'base64');
  error('pkcs8_der_encrypted', 'The same in DER.', null, encryptedDer, 'encrypted');

  // Another curve.
  const p256 = openssl(['ec', '-inform', 'DER', '-outform', 'DER'], sec1(secret, { curve: P256 }));
  error('sec1_der_p256', 'On P-256.', 'sec1_der', p256, 'wrong_curve');
  error('sec1_pem_p256', 'On P-256.', 'sec1_pem', inPem(p256), 'wrong_curve');
  error(
    'sec1_pem_p256_explicit',
    'On P-256, by its parameters.',
    'sec1_pem',
    opensslText(['ec', '-inform', 'DER', '-param_enc', 'explicit'], p256),
    'wrong_curve',
  );
  error(
    'pkcs8_pem_p256',
    'On P-256.',
    'pkcs8_pem',
    opensslText(['pkcs8', '-topk8', '-nocrypt'], inPem(p256)),
    'wrong_curve',
  );
  error(
    'pem_p256_parameters',
    'On secp256k1, below a block that says P-256.',
    null,
    opensslText(['ecparam', '-name', 'prime256v1']) + named,
    'wrong_curve',
  );
  const ed25519 = fromHex('302e020100300506032b657004220420' + toHex(secret).slice(2));
  openssl(['pkey', '-inform', 'DER', '-noout'], ed25519);
  error('pkcs8_pem_ed25519', 'An Ed25519 key.', 'pkcs8_pem', block('PRIVATE KEY', ed25519), 'wrong_curve');
  error(
    'sec1_der_no_curve',
    'No curve.',
    'sec1_der',
    refused(sec1(secret, { curve: null, point })),
    'wrong_curve',
  );
  error(
    'pkcs8_der_no_curve',
    'No curve, inside or outside.',
    'pkcs8_der',
    refused(pkcs8(sec1(secret, { curve: null, point }), { curve: null })),
    'wrong_curve',
  );
  error(
    'pkcs8_der_implicit_curve',
    'NULL for a curve: inherited from a certificate.',
    'pkcs8_der',
    refused(pkcs8(sec1(secret, { curve: null, point }), { curve: der(NULL) })),
    'wrong_curve',
  );
  error(
    'pkcs8_der_two_curves',
    'secp256k1 outside, P-256 inside.',
    'pkcs8_der',
    pkcs8(sec1(secret, { curve: P256, point })),
    'wrong_curve',
  );
  key(
    'pkcs8_der_curve_inside',
    'The curve inside only.',
    'pkcs8_der',
    pkcs8(sec1(secret, { point }), { curve: null }),
    hex,
  );

  // All parameters, one of them wrong.
  const twice = publicOf(uint256(2n));
  const wrong = {
    version: ['Version 2, which demands a seed.', { version: der(INTEGER, [2]) }],
    field: ['A field of characteristic two.', { field: der(OID, fromHex('2a8648ce3d0102')) }],
    prime: ['Another prime.', { prime: der(INTEGER, fromHex('00' + P.replace(/2f$/, '2d'))) }],
    a: ['a is 1.', { a: der(OCTETS, uint256(1n)) }],
    b: ['b is 8.', { b: der(OCTETS, uint256(8n)) }],
    b_long: ['b is 7 in 33 bytes.', { b: der(OCTETS, [0], uint256(7n)) }],
    a_empty: ['a is empty.', { a: der(OCTETS) }],
    seed: ['A seed, which secp256k1 has not.', { seed: der(BITS, [0], pseudorandom('seed').slice(0, 20)) }],
    generator: [
      'Another generator: the same public key for another secret key (CVE-2020-0601).',
      { generator: der(OCTETS, twice) },
    ],
    generator_negated: [
      'The generator of the other sign, compressed.',
      { generator: der(OCTETS, [3], G.subarray(1, 33)) },
    ],
    generator_infinity: ['The point at infinity for a generator.', { generator: der(OCTETS, [0]) }],
    order: ['Another order.', { order: der(INTEGER, fromHex('00' + N.replace(/41$/, '43'))) }],
    cofactor: ['Cofactor 2.', { cofactor: der(INTEGER, [2]) }],
  };
  for (const [name, [comment, change]] of Object.entries(wrong)) {
    error(
      `explicit_${name}`,
      comment,
      'sec1_der',
      sec1(secret, { curve: explicit(change), point }),
      'wrong_curve',
    );
  }
  error(
    'explicit_generator_pkcs8',
    'Another generator, in PKCS#8.',
    'pkcs8_der',
    pkcs8(sec1(secret, { curve: null, point }), { curve: explicit(wrong.generator[1]) }),
    'wrong_curve',
  );
  const damaged = {
    prime_negative: ['The prime without its leading zero is negative.', { prime: der(INTEGER, fromHex(P)) }],
    order_padded: ['The order with a zero too many.', { order: der(INTEGER, fromHex('0000' + N)) }],
    after: ['A field too many.', { after: ONE }],
    no_order: ['The order is missing.', { order: [], cofactor: [] }],
  };
  for (const [name, [comment, change]] of Object.entries(damaged)) {
    error(
      `explicit_${name}`,
      comment,
      'sec1_der',
      sec1(secret, { curve: explicit(change), point }),
      'der_malformed',
    );
  }

  // The public key.
  const mismatch = 'public_key_mismatch';
  error(
    'sec1_der_public_mismatch',
    "Somebody else's public key.",
    'sec1_der',
    refused(sec1(secret, { point: other })),
    mismatch,
  );
  error(
    'sec1_pem_public_mismatch',
    "Somebody else's public key.",
    'sec1_pem',
    refused(inPem(sec1(secret, { point: other }))),
    mismatch,
  );
  error(
    'pkcs8_pem_public_mismatch',
    "Somebody else's public key.",
    'pkcs8_pem',
    refused(block('PRIVATE KEY', pkcs8(sec1(secret, { curve: null, point: other })))),
    mismatch,
  );
  error(
    'pkcs8_der_v2_public_mismatch',
    "Somebody else's public key, outside.",
    'pkcs8_der',
    pkcs8(sec1(secret, { curve: null, point }), { version: ONE, after: publicField(other) }),
    mismatch,
  );
  const negated = publicOf(secret, true);
  negated[0] ^= 1;
  error(
    'sec1_der_public_negated',
    'The public key of n minus the secret.',
    'sec1_der',
    refused(sec1(secret, { point: negated })),
    mismatch,
  );
  error(
    'sec1_der_public_cut',
    'A public key with a byte missing.',
    'sec1_der',
    refused(sec1(secret, { point: point.subarray(0, 64) })),
    mismatch,
  );
  error(
    'sec1_der_public_infinity',
    'The point at infinity.',
    'sec1_der',
    refused(sec1(secret, { point: [0] })),
    mismatch,
  );

  // The number.
  for (const [name, number] of [
    ['zero', uint256(0n)],
    ['n', fromHex(N)],
  ]) {
    error(`sec1_der_${name}`, 'Out of range.', 'sec1_der', refused(sec1(number)), 'secret_out_of_range');
    error(
      `pkcs8_der_${name}`,
      'Out of range.',
      'pkcs8_der',
      refused(pkcs8(sec1(number, { curve: null }))),
      'secret_out_of_range',
    );
  }
  error('sec1_der_empty_secret', 'No bytes at all: zero.', 'sec1_der', sec1([]), 'secret_out_of_range');
  error('sec1_der_33', 'A secret key of 33 bytes.', 'sec1_der', sec1([0, ...secret]), 'der_malformed');

  // DER.
  const bad = 'der_malformed';
  error('sec1_der_version_0', 'Version 0.', 'sec1_der', sec1(secret, { version: ZERO, point }), bad);
  error(
    'sec1_der_version_2',
    'Version 2.',
    'sec1_der',
    sec1(secret, { version: der(INTEGER, [2]), point }),
    bad,
  );
  error('pkcs8_der_version_2', 'Version 2.', 'pkcs8_der', pkcs8(full, { version: der(INTEGER, [2]) }), bad);
  error('sec1_der_trailing', 'A byte behind the key.', null, [...full, 0], bad);
  error(
    'sec1_der_trailing_field',
    'A field too many.',
    'sec1_der',
    sec1(secret, { point, after: der(NULL) }),
    bad,
  );
  error('sec1_der_cut', 'The last byte is missing.', null, refused(full.subarray(0, -1)), bad);
  error(
    'sec1_der_indefinite',
    'A length that is not told, which BER allows.',
    null,
    [0x30, 0x80, ...full.subarray(2), 0, 0],
    bad,
  );
  error(
    'sec1_der_long_length',
    'A length in two bytes where one is enough, which BER allows.',
    null,
    [0x30, 0x81, full[1], ...full.subarray(2)],
    bad,
  );
  error(
    'sec1_der_order',
    'The public key stands where the curve belongs.',
    'sec1_der',
    der(
      SEQUENCE,
      ONE,
      der(OCTETS, secret),
      der(context(1), der(BITS, [0], point)),
      der(context(0), SECP256K1),
    ),
    'wrong_curve',
  );
  error('pkcs8_der_inner', 'Something else inside.', 'pkcs8_der', pkcs8(der(OCTETS, secret)), bad);
  error('der_public_key', 'A public key.', null, ec('-pubout', '-outform', 'DER'), 'format_unknown');
  error('der_empty', 'An empty SEQUENCE.', null, [0x30, 0], 'der_malformed');
}

const ENCRYPTED_SEC1 = `-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-256-CBC,1D7FAFAD34010A33517ECE72733E462A

vAi5bfJYCAMEHc/U52bI8+z1Zht01kr+vj93YO0nKVE1Rw88JPebOflqI6pT50Z2
ygEEDYYfU6iQuKv4H96Q1dc4QEvrGEnn3Sq3yXN1z1lvRgfgl3JD09ZAjHtMuotT
aRDOT7y1swriPKkyqWt3N8D8E0iuro2RauSQP4gtsoE=
-----END EC PRIVATE KEY-----
`;
const ENCRYPTED_PKCS8 = `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgWSVOE4cv5VQICA+gw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEIazqfFw5063pwDXFlzDNLIEgZCA
9VYIp1FhTzqHXJdbXVOEp17UOVTe2ad7ZSZW5MVmulXqXzxIsLGArmZ4xalopoTN
qlaTqdd2jgyOJEAbXSZPESiADHJ5YRY44ZSnwL0ONwIyKa5Hl6SKLOpZPA1bArdO
hjDz48tjn3EU/eK46LDs5gMu4FKS/7fO2l22cobN8oJ+3hJJyhkAAfN9aUxsrOE=
-----END ENCRYPTED PRIVATE KEY-----
`;
