// Whether ethers reads what opsign wrote, and finds the same keys. Cases come as JSON on standard
// input; the first that is refused or another key ends the program with an error.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../vectors/generate/keys/package.json', import.meta.url));
const { HDNodeWallet, Mnemonic, Wallet, wordlists } = require('ethers');

const CODES = {
  English: 'en',
  Spanish: 'es',
  French: 'fr',
  Italian: 'it',
  Portuguese: 'pt',
  Czech: 'cz',
  Japanese: 'ja',
  Korean: 'ko',
  ChineseSimplified: 'zh_cn',
  ChineseTraditional: 'zh_tw',
};

function read(c) {
  if (c.keystore) return Wallet.fromEncryptedJsonSync(c.keystore, c.passphrase);
  if (c.hex) return new Wallet('0x' + c.hex);
  const mnemonic = Mnemonic.fromPhrase(c.mnemonic, c.passphrase, wordlists[CODES[c.language]]);
  return HDNodeWallet.fromMnemonic(mnemonic, c.path);
}

const cases = JSON.parse(readFileSync(0, 'utf8'));
for (const c of cases) {
  const wallet = read(c);
  assert.deepEqual({ secret_key: wallet.privateKey, address: wallet.address }, c.is);
}
console.log(`${cases.length} accepted`);
