// Ethereum keystores, version 3.

import assert from 'node:assert/strict';
import { createCipheriv, pbkdf2Sync, scryptSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { computeAddress, decryptKeystoreJsonSync, encryptKeystoreJsonSync, keccak256 } from 'ethers';
import { pseudorandom, toHex } from './common.mjs';

const published = JSON.parse(readFileSync(new URL('published.json', import.meta.url), 'utf8'));
const hex = (bytes) => toHex(bytes).slice(2);

/** A keystore by ethers, always the same. */
function ethersKeystore(secret, passphrase, scrypt = { N: 1024, r: 8, p: 1 }) {
  return encryptKeystoreJsonSync({ address: computeAddress(secret), privateKey: secret }, passphrase, {
    scrypt,
    salt: pseudorandom('salt'),
    iv: pseudorandom('iv').slice(0, 16),
    uuid: pseudorandom('uuid').slice(0, 16),
  });
}

/** One that ethers cannot write, put together with Node's cryptography. */
function keystore(secret, kdf, kdfparams, derived) {
  const iv = pseudorandom('iv').slice(0, 16);
  const cipher = createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv);
  const ciphertext = Buffer.concat([cipher.update(secret.slice(2), 'hex'), cipher.final()]);
  return {
    address: computeAddress(secret).slice(2).toLowerCase(),
    crypto: {
      cipher: 'aes-128-ctr',
      ciphertext: hex(ciphertext),
      cipherparams: { iv: hex(iv) },
      kdf,
      kdfparams,
      mac: keccak256(Buffer.concat([derived.subarray(16, 32), ciphertext])).slice(2),
    },
    id: '3198bc9c-6672-4ab3-9995-4942343ae5b6',
    version: 3,
  };
}

function pbkdf2Keystore(secret, passphrase, prf = 'sha256', c = 1000) {
  const salt = pseudorandom('salt');
  const derived = pbkdf2Sync(passphrase, salt, c, 32, prf);
  return keystore(secret, 'pbkdf2', { c, dklen: 32, prf: `hmac-${prf}`, salt: hex(salt) }, derived);
}

/** scrypt over the bytes of the passphrase, as geth has it: no normalisation. */
function gethKeystore(secret, passphrase) {
  const salt = pseudorandom('salt');
  const derived = scryptSync(passphrase, salt, 32, { N: 1024, r: 8, p: 1 });
  return keystore(secret, 'scrypt', { dklen: 32, n: 1024, p: 1, r: 8, salt: hex(salt) }, derived);
}

export function keystores({ key, error }) {
  const secret = toHex(pseudorandom('keystore'));
  const passphrase = 'correct horse battery staple';
  const withPassphrase = { passphrase };

  /** A good case that ethers reads, too. */
  const agreed = (name, comment, text, options = withPassphrase, expected = secret) => {
    assert.equal(decryptKeystoreJsonSync(text, options.passphrase).privateKey, expected, name);
    key(name, comment, 'keystore', text, expected, options);
  };
  /** A bad case that ethers refuses, too. */
  const refused = (name, comment, text, kind, options = withPassphrase) => {
    assert.throws(() => decryptKeystoreJsonSync(text, options.passphrase), name);
    error(name, comment, 'keystore', text, kind, options);
  };

  // Published.
  for (const { name, json, passphrase, secret_key } of published.keystores.vectors) {
    const short = name.match(/^3[01]_byte_key$/);
    if (short) {
      key(
        `published_${name}`,
        "go-ethereum's tests: leading zeros left out, as its old versions did.",
        'keystore',
        json,
        secret_key,
        { passphrase },
      );
    } else if (name === 'wikipage_test_vector_scrypt') {
      // N is 2^18 with r 1, beyond a bound of RFC 7914 that its erratum 5971 takes back: ethers
      // refuses it, geth reads it.
      assert.throws(() => decryptKeystoreJsonSync(json, passphrase));
      key(
        `published_${name}`,
        'A published test vector, which ethers cannot read.',
        'keystore',
        json,
        secret_key,
        { passphrase },
      );
    } else {
      const expected = decryptKeystoreJsonSync(json, passphrase).privateKey;
      if (secret_key) assert.equal(expected, secret_key);
      const comment = name === 'written_by_geth' ? 'Written by go-ethereum.' : 'A published test vector.';
      agreed(`published_${name}`, comment, json, { passphrase }, expected);
    }
  }
  error(
    'published_version_1',
    "Version 1, from go-ethereum's tests.",
    'keystore',
    published.keystore_v1.json,
    'keystore_version',
    { passphrase: published.keystore_v1.passphrase },
  );

  // By ethers.
  const text = ethersKeystore(secret, passphrase);
  agreed('scrypt', 'By ethers, which writes "Crypto".', text);
  agreed(
    'scrypt_geth_light',
    "geth's light cost: N 4096, r 8, p 6.",
    ethersKeystore(secret, passphrase, { N: 4096, r: 8, p: 6 }),
  );
  agreed(
    'scrypt_geth_standard',
    "geth's standard cost: N 262144, r 8, p 1, which takes 256 MiB.",
    ethersKeystore(secret, passphrase, { N: 262144, r: 8, p: 1 }),
  );
  agreed(
    'scrypt_odd_cost',
    'r and p that are no powers of two.',
    ethersKeystore(secret, passphrase, { N: 256, r: 3, p: 5 }),
  );
  agreed(
    'scrypt_leading_zeros',
    'A key with leading zeros.',
    ethersKeystore('0x' + '00'.repeat(30) + '1234', passphrase),
    withPassphrase,
    '0x' + '00'.repeat(30) + '1234',
  );
  agreed('scrypt_umlaut', 'A passphrase that is not ASCII.', ethersKeystore(secret, 'größer'), {
    passphrase: 'größer',
  });
  agreed(
    'scrypt_decomposed',
    'A passphrase typed with combining marks, which ethers composes.',
    ethersKeystore(secret, 'größer'.normalize('NFD')),
    { passphrase: 'größer'.normalize('NFD') },
  );
  agreed(
    'scrypt_ligature',
    'A passphrase with a ligature, which ethers takes apart.',
    ethersKeystore(secret, 'ﬁancée'),
    { passphrase: 'ﬁancée' },
  );
  const typed = JSON.stringify(gethKeystore(secret, 'ﬁancée'));
  assert.throws(() => decryptKeystoreJsonSync(typed, 'ﬁancée'));
  key(
    'scrypt_ligature_geth',
    'The same passphrase as geth uses it, as typed; ethers cannot read this.',
    'keystore',
    typed,
    secret,
    { passphrase: 'ﬁancée' },
  );
  agreed('scrypt_empty_passphrase', 'An empty passphrase, given as such.', ethersKeystore(secret, ''), {
    passphrase: '',
  });
  agreed(
    'scrypt_space_in_passphrase',
    'White space belongs to a passphrase.',
    ethersKeystore(secret, ' secret\n'),
    { passphrase: ' secret\n' },
  );
  agreed('pbkdf2', 'PBKDF2 with HMAC-SHA-256.', JSON.stringify(pbkdf2Keystore(secret, passphrase)));
  agreed(
    'pbkdf2_parity',
    'The cost that OpenEthereum wrote, 10240 rounds.',
    JSON.stringify(pbkdf2Keystore(secret, passphrase, 'sha256', 10240)),
  );
  agreed(
    'pbkdf2_sha512',
    'PBKDF2 with HMAC-SHA-512, which ethers reads and geth does not.',
    JSON.stringify(pbkdf2Keystore(secret, passphrase, 'sha512')),
  );

  // The same with changes.
  const base = () => gethKeystore(secret, passphrase);
  const changed = (change) => {
    const store = base();
    return JSON.stringify(change(store) ?? store);
  };
  const upper = (value) =>
    value && typeof value === 'object'
      ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name.toUpperCase(), upper(inner)]))
      : value;
  key(
    'keystore_upper_names',
    'All names of fields in capitals, which geth reads.',
    'keystore',
    changed(upper),
    secret,
    withPassphrase,
  );
  agreed('keystore_pretty', 'Written over several lines.', JSON.stringify(base(), null, 2) + '\n');
  agreed(
    'keystore_no_address',
    'Without the address, for privacy.',
    changed((s) => {
      delete s.address;
    }),
  );
  agreed(
    'keystore_empty_address',
    'An address without content.',
    changed((s) => {
      s.address = '';
    }),
  );
  agreed(
    'keystore_null_address',
    'No address, in so many words.',
    changed((s) => {
      s.address = null;
    }),
  );
  agreed(
    'keystore_address_0x',
    'The address with a prefix and capitals.',
    changed((s) => {
      s.address = computeAddress(secret);
    }),
  );
  agreed(
    'keystore_no_id',
    'Without an id, which nothing depends on.',
    changed((s) => {
      delete s.id;
    }),
  );
  agreed(
    'keystore_unknown_fields',
    'With fields that nobody knows.',
    changed((s) => {
      s.name = 'sequencer';
      s.crypto.kdfparams.more = 1;
    }),
  );
  agreed(
    'keystore_hex_0x',
    'Hex with prefixes.',
    changed((s) => {
      s.crypto.ciphertext = '0x' + s.crypto.ciphertext;
      s.crypto.cipherparams.iv = '0x' + s.crypto.cipherparams.iv;
      s.crypto.kdfparams.salt = '0x' + s.crypto.kdfparams.salt;
    }),
  );
  agreed(
    'keystore_hex_upper',
    'Hex in capitals.',
    changed((s) => {
      s.crypto.mac = s.crypto.mac.toUpperCase();
      s.crypto.ciphertext = s.crypto.ciphertext.toUpperCase();
    }),
  );
  agreed(
    'keystore_text_numbers',
    'Numbers as text, which ethers reads.',
    changed((s) => {
      s.version = '3';
      s.crypto.kdfparams.n = '1024';
    }),
  );
  agreed(
    'keystore_kdf_upper',
    'The names of cipher and function in capitals, which ethers reads.',
    changed((s) => {
      s.crypto.kdf = 'SCRYPT';
    }),
  );
  key(
    'keystore_float',
    'A whole number written as a fraction, which geth reads.',
    'keystore',
    changed(() => undefined).replace('"n":1024', '"n":1024.0'),
    secret,
    withPassphrase,
  );
  key(
    'keystore_dklen_64',
    'A longer derived key, whose first half is the same.',
    'keystore',
    changed((s) => {
      s.crypto.kdfparams.dklen = 64;
    }),
    secret,
    withPassphrase,
  );

  refused('keystore_wrong_passphrase', 'A passphrase with a slip.', text, 'passphrase_wrong', {
    passphrase: passphrase + 'r',
  });
  refused(
    'keystore_wrong_passphrase_unicode',
    'A wrong one that is tried in two ways.',
    text,
    'passphrase_wrong',
    { passphrase: 'ﬁancée' },
  );
  refused(
    'keystore_wrong_passphrase_pbkdf2',
    'A wrong one, with PBKDF2.',
    JSON.stringify(pbkdf2Keystore(secret, passphrase)),
    'passphrase_wrong',
    { passphrase: 'x' },
  );
  refused(
    'keystore_altered_ciphertext',
    'One bit of the ciphertext.',
    changed((s) => {
      s.crypto.ciphertext =
        (parseInt(s.crypto.ciphertext[0], 16) ^ 1).toString(16) + s.crypto.ciphertext.slice(1);
    }),
    'passphrase_wrong',
  );
  refused(
    'keystore_altered_mac',
    'One bit of the MAC.',
    changed((s) => {
      s.crypto.mac = s.crypto.mac.slice(0, -1) + (parseInt(s.crypto.mac.at(-1), 16) ^ 1).toString(16);
    }),
    'passphrase_wrong',
  );
  refused(
    'keystore_altered_iv',
    'One bit of the initialisation vector, which the MAC does not cover: only the address shows it.',
    changed((s) => {
      const iv = s.crypto.cipherparams.iv;
      s.crypto.cipherparams.iv = (parseInt(iv[0], 16) ^ 1).toString(16) + iv.slice(1);
    }),
    'address_mismatch',
  );
  refused(
    'keystore_other_address',
    "Somebody else's address.",
    changed((s) => {
      s.address = '00'.repeat(20);
    }),
    'address_mismatch',
  );
  error('keystore_passphrase_missing', 'No passphrase given.', 'keystore', text, 'passphrase_missing', {});
  error('keystore_path', 'A path for a keystore.', 'keystore', text, 'option_unused', {
    passphrase,
    path: 'm',
  });
  error(
    'keystore_zero_key',
    'The key inside is zero.',
    'keystore',
    zeroKeystore(passphrase),
    'secret_out_of_range',
    withPassphrase,
  );

  // What is wrong before any work is done. None has a passphrase: it is not asked for.
  const bad = (name, comment, kind, change) =>
    error(
      `keystore_${name}`,
      comment,
      'keystore',
      typeof change === 'string' ? change : changed(change),
      kind,
      {},
    );
  const params = (object) => (s) => {
    Object.assign(s.crypto.kdfparams, object);
  };
  bad('no_json', 'Cut off.', 'keystore_malformed', changed(() => undefined).slice(0, 200));
  bad('trailing', 'Something behind the JSON.', 'keystore_malformed', changed(() => undefined) + '}');
  bad(
    'deep',
    'Nested deeper than any parser should follow.',
    'keystore_malformed',
    '{"version":3,"crypto":' + '['.repeat(5000),
  );
  bad('empty', 'An empty object.', 'keystore_version', '{}');
  bad('version_4', 'A BLS keystore of EIP-2335.', 'keystore_version', (s) => {
    s.version = 4;
  });
  bad('version_2', 'A version that never was.', 'keystore_version', (s) => {
    s.version = 2;
  });
  bad('no_version', 'No version.', 'keystore_version', (s) => {
    delete s.version;
  });
  bad('version_null', 'A version that is no number.', 'keystore_version', (s) => {
    s.version = null;
  });
  bad('no_crypto', 'No "crypto".', 'keystore_malformed', (s) => {
    delete s.crypto;
  });
  bad(
    'two_cryptos',
    'Both "crypto" and "Crypto": geth takes the last, ethers the first.',
    'keystore_malformed',
    (s) => {
      s.Crypto = s.crypto;
    },
  );
  for (const field of ['cipher', 'ciphertext', 'cipherparams', 'kdf', 'kdfparams', 'mac']) {
    bad(`no_${field}`, `No "${field}".`, 'keystore_malformed', (s) => {
      delete s.crypto[field];
    });
    bad(`${field}_number`, `"${field}" is a number.`, 'keystore_malformed', (s) => {
      s.crypto[field] = 1;
    });
  }
  for (const field of ['n', 'r', 'p', 'salt', 'dklen']) {
    bad(`no_${field}`, `No "${field}".`, 'keystore_malformed', (s) => {
      delete s.crypto.kdfparams[field];
    });
  }
  bad('cipher', 'A cipher that is not in the specification.', 'cipher_unsupported', (s) => {
    s.crypto.cipher = 'aes-256-gcm';
  });
  bad('cipher_cbc', 'The cipher of version 1.', 'cipher_unsupported', (s) => {
    s.crypto.cipher = 'aes-128-cbc';
  });
  bad('kdf', 'A key derivation function that is not in the specification.', 'kdf_unsupported', (s) => {
    s.crypto.kdf = 'argon2id';
  });
  bad('prf', 'PBKDF2 over another hash.', 'kdf_unsupported', (s) => {
    s.crypto.kdf = 'pbkdf2';
    Object.assign(s.crypto.kdfparams, { c: 1000, prf: 'hmac-sha1' });
  });
  bad('iv_short', 'An initialisation vector of 15 bytes.', 'keystore_malformed', (s) => {
    s.crypto.cipherparams.iv = '00'.repeat(15);
  });
  bad('iv_long', 'An initialisation vector of 17 bytes.', 'keystore_malformed', (s) => {
    s.crypto.cipherparams.iv = '00'.repeat(17);
  });
  bad('mac_short', 'A MAC of 31 bytes.', 'keystore_malformed', (s) => {
    s.crypto.mac = '00'.repeat(31);
  });
  bad('ciphertext_long', 'A ciphertext of 33 bytes.', 'keystore_malformed', (s) => {
    s.crypto.ciphertext = '00'.repeat(33);
  });
  bad('ciphertext_empty', 'An empty ciphertext.', 'keystore_malformed', (s) => {
    s.crypto.ciphertext = '';
  });
  bad('ciphertext_odd', 'An odd number of digits.', 'keystore_malformed', (s) => {
    s.crypto.ciphertext += '0';
  });
  bad('salt_no_hex', 'A salt that is no hex.', 'keystore_malformed', params({ salt: 'zz' }));
  bad('address_short', 'An address of 19 bytes.', 'keystore_malformed', (s) => {
    s.address = '00'.repeat(19);
  });
  bad('address_number', 'An address that is a number.', 'keystore_malformed', (s) => {
    s.address = 1;
  });
  bad('dklen_16', 'A derived key that is too short for a MAC.', 'keystore_malformed', params({ dklen: 16 }));
  bad('n_zero', 'N is zero.', 'keystore_malformed', params({ n: 0 }));
  bad('n_one', 'N is one.', 'keystore_malformed', params({ n: 1 }));
  bad('n_negative', 'N is negative.', 'keystore_malformed', params({ n: -1024 }));
  bad('n_fraction', 'N is a fraction.', 'keystore_malformed', params({ n: 1024.5 }));
  bad('n_no_power', 'N is no power of two.', 'keystore_malformed', params({ n: 1000 }));
  bad('r_zero', 'r is zero.', 'keystore_malformed', params({ r: 0 }));
  bad('p_zero', 'p is zero.', 'keystore_malformed', params({ p: 0 }));
  bad('c_zero', 'No rounds.', 'keystore_malformed', (s) => {
    s.crypto.kdf = 'pbkdf2';
    Object.assign(s.crypto.kdfparams, { c: 0, prf: 'hmac-sha256' });
  });
  const costly = { n: 2 ** 21, r: 8, p: 1 };
  bad('scrypt_2_gib', '2 GiB of memory, by N.', 'kdf_too_costly', params(costly));
  bad('scrypt_wide', '2 GiB of memory, by r.', 'kdf_too_costly', params({ n: 2, r: 2 ** 23, p: 1 }));
  bad('scrypt_65_lanes', '65 lanes.', 'kdf_too_costly', params({ n: 2, r: 1, p: 65 }));
  bad('scrypt_long', '8 GiB of work in 32 lanes.', 'kdf_too_costly', params({ n: 2 ** 18, r: 8, p: 32 }));
  bad(
    'scrypt_overflow_n',
    'N is 2^63.',
    'kdf_too_costly',
    changed(() => undefined).replace('"n":1024', '"n":9223372036854775808'),
  );
  bad(
    'scrypt_overflow_r',
    'r is 2^57, so that 128 · r is 2^64.',
    'kdf_too_costly',
    changed(() => undefined).replace('"r":8', '"r":144115188075855872'),
  );
  bad(
    'scrypt_overflow_rp',
    'r · p is 2^32, which is 0 in 32 bits.',
    'kdf_too_costly',
    params({ n: 2, r: 65536, p: 65536 }),
  );
  bad('pbkdf2_rounds', 'A round too many.', 'kdf_too_costly', (s) => {
    s.crypto.kdf = 'pbkdf2';
    Object.assign(s.crypto.kdfparams, { c: 10_000_001, prf: 'hmac-sha256' });
  });
  bad('pbkdf2_overflow', '2^32 + 1 rounds, which is 1 in 32 bits.', 'kdf_too_costly', (s) => {
    s.crypto.kdf = 'pbkdf2';
    Object.assign(s.crypto.kdfparams, { c: 2 ** 32 + 1, prf: 'hmac-sha256' });
  });
}

/** ethers and computeAddress know that zero is no key, so this one is put together here. */
function zeroKeystore(passphrase) {
  const salt = pseudorandom('salt');
  const derived = scryptSync(passphrase, salt, 32, { N: 1024, r: 8, p: 1 });
  const iv = pseudorandom('iv').slice(0, 16);
  const cipher = createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv);
  const ciphertext = Buffer.concat([cipher.update(Buffer.alloc(32)), cipher.final()]);
  const mac = keccak256(Buffer.concat([derived.subarray(16, 32), ciphertext])).slice(2);
  return JSON.stringify({
    crypto: {
      cipher: 'aes-128-ctr',
      ciphertext: hex(ciphertext),
      cipherparams: { iv: hex(iv) },
      kdf: 'scrypt',
      kdfparams: { dklen: 32, n: 1024, p: 1, r: 8, salt: hex(salt) },
      mac,
    },
    version: 3,
  });
}
