// Mnemonics (BIP-39), and the derivation of keys from their seeds (BIP-32).

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { HDNodeWallet, Mnemonic, wordlists } from 'ethers';
import { pseudorandom, toHex } from './common.mjs';
import { LANGUAGES } from './words.mjs';

const published = JSON.parse(readFileSync(new URL('published.json', import.meta.url), 'utf8'));
const DEFAULT_PATH = "m/44'/60'/0'/0/0";

/** The key of a mnemonic, by ethers. */
function derive(mnemonic, path = DEFAULT_PATH) {
  return HDNodeWallet.fromSeed(mnemonic.computeSeed()).derivePath(path.replaceAll('h', "'")).privateKey;
}

export function mnemonics({ key, error }) {
  /** A good case. ethers reads the text, unless `mnemonic` says what it means. */
  const good = (name, comment, text, list, options = {}, mnemonic = undefined) => {
    mnemonic ??= Mnemonic.fromPhrase(text.trim(), options.passphrase, list);
    key(name, comment, 'mnemonic', text, derive(mnemonic, options.path), options);
  };

  // Published.
  const sets = { english: published.bip39_english, japanese: published.bip39_japanese };
  for (const [language, { vectors }] of Object.entries(sets)) {
    const list = wordlists[LANGUAGES[language]];
    vectors.forEach(({ entropy, mnemonic, passphrase, seed }, at) => {
      const read = Mnemonic.fromPhrase(mnemonic, passphrase, list);
      assert.equal(read.computeSeed(), '0x' + seed, `${language} ${at}`);
      assert.equal(read.entropy, '0x' + entropy, `${language} ${at}`);
      // The root key of every other one, the first Ethereum key of the rest.
      const options = at % 2 ? { passphrase } : { passphrase, path: 'm' };
      good(`bip39_${language}_${at + 1}`, 'A published test vector.', mnemonic, list, options);
    });
  }
  published.bip32.vectors.forEach(({ seed, keys }, at) => {
    for (const [path, xprv] of Object.entries(keys)) {
      const secret = HDNodeWallet.fromExtendedKey(xprv).privateKey;
      const derived = HDNodeWallet.fromSeed('0x' + seed).derivePath(path.replaceAll('h', "'"));
      assert.equal(derived.extendedKey, xprv, `BIP-32 vector ${at + 1}, ${path}`);
      key(
        `bip32_${at + 1}_${path.replaceAll('/', '_')}`,
        'A published test vector.',
        'seed',
        Buffer.from(seed, 'hex'),
        secret,
        { path },
      );
    }
  });

  // Every language.
  for (const [language, code] of Object.entries(LANGUAGES)) {
    const list = wordlists[code];
    const phrase = (words) =>
      Mnemonic.entropyToPhrase(pseudorandom(`${language} ${words}`).slice(0, (words * 4) / 3), list);
    good(`${language}_12`, '12 words.', phrase(12), list);
    good(`${language}_24`, '24 words, a passphrase and another path.', phrase(24), list, {
      passphrase: 'größer ㍍',
      path: "m/44'/60'/3'/0/7",
    });
    good(
      `${language}_15_nfc`,
      '15 words as a keyboard makes them, composed, with a line end.',
      phrase(15).normalize('NFC') + '\n',
      list,
    );
    const words = list.split(phrase(18));
    const last = list.getWordIndex(words[17]);
    words[17] = list.getWord(last ^ 1);
    assert.throws(() => Mnemonic.fromPhrase(words.join(' '), '', list));
    error(
      `${language}_checksum`,
      'The last word is another one.',
      'mnemonic',
      words.join(' '),
      'mnemonic_checksum',
    );
  }

  const english = wordlists.en;
  const phrase = (words) =>
    Mnemonic.entropyToPhrase(pseudorandom(`mnemonic ${words}`).slice(0, (words * 4) / 3), english);
  const twelve = phrase(12);
  for (const words of [12, 15, 18, 21, 24]) good(`words_${words}`, `${words} words.`, phrase(words), english);
  good(
    'test_junk',
    'What every development chain uses; its first address is 0xf39F...',
    'test test test test test test test test test test test junk',
    english,
  );
  good(
    'capitals',
    'In capitals, as stamped in steel.',
    twelve.toUpperCase(),
    english,
    {},
    Mnemonic.fromPhrase(twelve),
  );
  good(
    'title',
    'Each word with a capital.',
    twelve.replace(/\b./g, (letter) => letter.toUpperCase()),
    english,
    {},
    Mnemonic.fromPhrase(twelve),
  );
  good(
    'lines',
    'A word a line.',
    twelve.replaceAll(' ', '\n') + '\n',
    english,
    {},
    Mnemonic.fromPhrase(twelve),
  );
  good(
    'tabs',
    'With tabs, several spaces and line ends of Windows.',
    '\t' + twelve.replaceAll(' ', '\t  \r\n'),
    english,
    {},
    Mnemonic.fromPhrase(twelve),
  );
  good('bom', 'With a byte order mark.', '\ufeff' + twelve, english, {}, Mnemonic.fromPhrase(twelve));
  good('passphrase_empty', 'The empty passphrase is that of none.', twelve, english, { passphrase: '' });
  good('passphrase', 'A passphrase.', twelve, english, { passphrase: 'TREZOR' });
  good('passphrase_nfc', 'A passphrase, composed.', twelve, english, { passphrase: 'größer' });
  good('passphrase_nfd', 'The same passphrase with combining marks: the same key.', twelve, english, {
    passphrase: 'größer'.normalize('NFD'),
  });
  const chinese = Mnemonic.entropyToPhrase(pseudorandom('chinese'), wordlists.zh_cn);
  good(
    'chinese_no_spaces',
    'Chinese without spaces, as it is written.',
    chinese.replaceAll(' ', ''),
    wordlists.zh_cn,
  );
  const japanese = Mnemonic.entropyToPhrase(pseudorandom('japanese'), wordlists.ja);
  good(
    'japanese_ideographic_space',
    'Japanese with the wide space of the BIP.',
    japanese.replaceAll(' ', '\u3000'),
    wordlists.ja,
  );

  // Words that two languages share: the checksum may be right in the second list only.
  const shared = (first, second, seed) => {
    const common = Array.from({ length: 2048 }, (_, i) => first.getWord(i)).filter(
      (word) => second.getWordIndex(word) >= 0,
    );
    for (let attempt = 0; ; attempt++) {
      const random = pseudorandom(`${seed} ${attempt}`);
      const text = Array.from(
        { length: 12 },
        (_, i) => common[(random[2 * i] * 256 + random[2 * i + 1]) % common.length],
      ).join(' ');
      if (!Mnemonic.isValidMnemonic(text, first) && Mnemonic.isValidMnemonic(text, second)) return text;
    }
  };
  good(
    'shared_french',
    'Twelve words that are English, too, but with the French checksum.',
    shared(english, wordlists.fr, 'french'),
    wordlists.fr,
  );

  // Paths.
  const paths = {
    root: ['m', 'The root key.'],
    second: ["m/44'/60'/0'/0/1", 'The second key of MetaMask and ethers.'],
    ledger_live: ["m/44'/60'/1'/0/0", 'The second key of Ledger Live.'],
    legacy: ["m/44'/60'/0'/0", 'The first key of old Ledgers.'],
    h: ['m/44h/60h/0h/0/0', 'The other marker of hardened steps.'],
    largest: ["m/2147483647'/2147483647", 'The largest index.'],
    leading_zeros: ["m/044'/60'/00'/0/0", 'Leading zeros change nothing.'],
    deepest: ['m' + '/0'.repeat(255), 'As deep as BIP-32 counts.'],
  };
  for (const [name, [path, comment]] of Object.entries(paths))
    good(`path_${name}`, comment, twelve, english, { path });
  const badPaths = {
    empty: '',
    relative: "44'/60'/0'/0/0",
    capital: "M/44'/60'/0'/0/0",
    slash: "m/44'/60'/0'/0/0/",
    double_slash: "m/44'//60'/0'/0/0",
    letters: "m/44'/x",
    sign: 'm/+1',
    negative: 'm/-1',
    space: "m/ 44'",
    two_markers: "m/44''",
    capital_marker: 'm/44H',
    too_large: 'm/2147483648',
    too_large_hardened: "m/2147483648'",
    huge: 'm/99999999999999999999999',
    marker_only: "m/'",
    public: 'm/0/*',
    too_deep: 'm' + '/0'.repeat(256),
    digits_of_another_script: 'm/٣',
  };
  for (const [name, path] of Object.entries(badPaths)) {
    error(
      `path_${name}_refused`,
      `A path that is none: ${path.length > 40 ? '256 steps' : JSON.stringify(path)}.`,
      'mnemonic',
      twelve,
      'path_malformed',
      { path },
    );
  }

  // Wrong ones.
  const words = twelve.split(' ');
  const refused = (name, comment, list, kind) => {
    const text = list.join(' ');
    assert.throws(() => Mnemonic.fromPhrase(text), name);
    error(name, comment, 'mnemonic', text, kind);
  };
  refused('words_11', 'A word is missing.', words.slice(1), 'mnemonic_length');
  refused('words_13', 'A word too many.', [...words, 'zoo'], 'mnemonic_length');
  refused('words_2', 'Two words.', words.slice(0, 2), 'mnemonic_length');
  refused('words_9', 'Nine words, which BIP-39 has not.', words.slice(0, 9), 'mnemonic_length');
  refused(
    'words_27',
    '27 words, which BIP-39 has not.',
    [...phrase(24).split(' '), 'zoo', 'zoo', 'zoo'],
    'mnemonic_length',
  );
  refused(
    'swapped',
    'Two words have changed places.',
    [words[1], words[0], ...words.slice(2)],
    'mnemonic_checksum',
  );
  refused('unknown_first', 'The first word has a slip.', ['abandonn', ...words.slice(1)], 'mnemonic_word');
  refused('unknown_last', 'The last word is none.', [...words.slice(0, 11), 'opsign'], 'mnemonic_word');
  refused(
    'shortened',
    'Words cut to four letters, which some wallets take.',
    words.map((word) => word.slice(0, 4)),
    'mnemonic_word',
  );
  refused('mixed', 'English, the last word Spanish.', [...words.slice(0, 11), 'ábaco'], 'mnemonic_word');
  refused(
    'numbered',
    'Numbers between the words.',
    words.slice(0, 6).flatMap((word, i) => [`${i + 1}.`, word]),
    'mnemonic_word',
  );
  refused(
    'commas',
    'Commas behind the words.',
    words.map((word, i) => (i < 11 ? word + ',' : word)),
    'mnemonic_word',
  );
  error(
    'prose',
    'Words, but of no list.',
    null,
    'dies sind elf deutsche wörter und keine einzige liste kennt sie',
    'format_unknown',
  );
  error('glued', 'English without spaces.', null, words.join(''), 'format_unknown');
  const spanish = Mnemonic.entropyToPhrase(pseudorandom('spanish accents').slice(0, 16), wordlists.es);
  const flat = spanish.normalize('NFD').replace(/\p{M}/gu, '');
  assert.notEqual(flat, spanish);
  error(
    'spanish_no_accents',
    'Spanish without its accents, which BIP-39 does not know; ethers does.',
    'mnemonic',
    flat,
    'mnemonic_word',
  );
}
