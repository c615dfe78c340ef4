// Writes the word lists of BIP-39 to keys/src/words, or, with --check, compares
// them. They come out of ethers, which carries them compressed; the lists are
// those of the BIP (MIT licence), in Unicode's NFKD.
//
//   npm ci && node words.mjs

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { wordlists } from 'ethers';

export const LANGUAGES = {
  english: 'en',
  spanish: 'es',
  french: 'fr',
  italian: 'it',
  portuguese: 'pt',
  czech: 'cz',
  japanese: 'ja',
  korean: 'ko',
  chinese_simplified: 'zh_cn',
  chinese_traditional: 'zh_tw',
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  assert.equal(Object.keys(wordlists).length, Object.keys(LANGUAGES).length, 'ethers has other lists');
  for (const [language, code] of Object.entries(LANGUAGES)) {
    const file = new URL(`../../../keys/src/words/${language}.txt`, import.meta.url);
    const words = Array.from({ length: 2048 }, (_, i) => wordlists[code].getWord(i));
    const text = words.map((word) => word.normalize('NFKD') + '\n').join('');
    if (process.argv.includes('--check')) {
      assert.equal(readFileSync(file, 'utf8'), text, `${language}.txt`);
    } else {
      writeFileSync(file, text);
    }
  }
}
