// What the sections share.

import { execFileSync } from 'node:child_process';
import { sha256, toUtf8Bytes, getBytes } from 'ethers';

/** The order of the group, SEC 2. */
export const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** 32 bytes that are the same each time and look random. */
export const pseudorandom = (seed) => getBytes(sha256(toUtf8Bytes(`opsign vectors, ${seed}`)));

export const toHex = (bytes) => '0x' + Buffer.from(bytes).toString('hex');
export const fromHex = (text) => Buffer.from(text.replace(/^0x/, ''), 'hex');

/** A number as 32 bytes. */
export const uint256 = (value) => fromHex(value.toString(16).padStart(64, '0'));

/** Runs OpenSSL; throws if it fails. */
export function openssl(args, input) {
  return execFileSync('openssl', args, { input, stdio: ['pipe', 'pipe', 'pipe'] });
}

/** The same, and the answer as text. */
export const opensslText = (args, input) => openssl(args, input).toString();

/** One TLV of DER. */
export function der(tag, ...contents) {
  const content = Buffer.concat(contents.map((part) => Buffer.from(part)));
  const length =
    content.length < 128
      ? [content.length]
      : content.length < 256
        ? [0x81, content.length]
        : [0x82, content.length >> 8, content.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

/** A block of PEM. */
export function block(label, bytes, width = 64, end = '\n') {
  const lines = Buffer.from(bytes)
    .toString('base64')
    .match(new RegExp(`.{1,${width}}`, 'g'));
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join(end);
}
