// Writes vectors/keys.json, or, with --check, compares it.
//
//   npm ci && node generate.mjs
//
// The keys come from ethers, from OpenSSL 3 and from published test vectors.
// Inputs that these would make differently each time (encrypted PEM) are kept
// here as text, so the same file comes out each time. Names of errors are
// given by hand; where ethers or OpenSSL refuses such a case, too, that is
// made sure of.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { computeAddress, version } from 'ethers';
import { keystores } from './keystores.mjs';
import { mnemonics } from './mnemonics.mjs';
import { pem } from './pem.mjs';
import { plain } from './plain.mjs';

const cases = [];

/** A case that gives a key. `input` is text or bytes. */
function key(name, comment, format, input, secret, options = {}) {
  add(name, comment, format, input, options, { secret_key: secret, address: computeAddress(secret) });
}

/**
 * A case that gives an error. `format` is null if the input is refused before
 * its format is known.
 */
function error(name, comment, format, input, kind, options = {}) {
  add(name, comment, format, input, options, { error: `key_${kind}` });
}

function add(name, comment, format, input, options, outcome) {
  const shown =
    typeof input === 'string' ? { input } : { input_hex: '0x' + Buffer.from(input).toString('hex') };
  cases.push({ name, comment, format, ...shown, ...options, ...outcome });
}

for (const section of [plain, pem, keystores, mnemonics]) section({ key, error });

assert.equal(new Set(cases.map((c) => c.name)).size, cases.length, 'two cases have one name');
const openssl = execFileSync('openssl', ['version']).toString().split(' ').slice(0, 2).join(' ');
const text =
  JSON.stringify(
    {
      description:
        'Secret keys in every format that opsign-keys reads: the key and its address, or the error. `format` is null if the input is refused before its format is known; the format "seed" is a seed of BIP-32, which is no file format.',
      source: `ethers ${version}, OpenSSL 3, the Web3 Secret Storage Definition, go-ethereum's keystore tests, the test vectors of BIP-32 and BIP-39. The names of errors are given by hand.`,
      generator: 'cd vectors/generate/keys && npm ci && node generate.mjs',
      count: cases.length,
      cases,
    },
    null,
    2,
  ) + '\n';
assert.match(openssl, /^OpenSSL 3\./);
const file = new URL('../../keys.json', import.meta.url);
if (process.argv.includes('--check')) {
  assert.equal(readFileSync(file, 'utf8'), text, 'vectors/keys.json is not what this program writes');
  console.log(`keys.json: ${cases.length} cases, as written`);
} else {
  writeFileSync(file, text);
  console.log(`keys.json: ${cases.length} cases`);
}
