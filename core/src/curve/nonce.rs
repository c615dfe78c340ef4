//! The deterministic nonce of RFC 6979, section 3.2, with HMAC-SHA-256, for secp256k1.
//!
//! A key of HMAC is kept as the two states of SHA-256 after its padded blocks, so a MAC costs as
//! many compressions as its message has blocks, and one more.

use sha2::block_api::compress256;
use zeroize::{Zeroize, Zeroizing};

use super::scalar::Scalar;

/// The initial hash value (FIPS 180-4, section 5.3.3).
const SHA256_INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The state of the generator: K as an HMAC key, V, and the blocks that are being hashed. Wiped when
/// dropped, the blocks once and not after every use, which would take as long as the hashing.
pub(super) struct Nonces {
    key: MacKey,
    value: [u8; 32],
    blocks: Blocks,
    first: bool,
}

impl Nonces {
    /// Steps a to g, for a secret key and a hash reduced mod n.
    pub(super) fn new(secret: &Scalar, hash: &Scalar) -> Self {
        let secret = Zeroizing::new(secret.to_be_bytes());
        let hash = hash.to_be_bytes();
        let blocks = Blocks([[0; 64]; 2]);
        let mut nonces = Self { key: MacKey::ZERO, value: [1; 32], blocks, first: true };
        nonces.rekey(&[&[0], secret.as_slice(), &hash]);
        nonces.rekey(&[&[1], secret.as_slice(), &hash]);
        nonces
    }

    /// Step h: the next candidate from 1 to n - 1.
    pub(super) fn next(&mut self) -> Scalar {
        loop {
            if !self.first {
                self.rekey(&[&[0]]);
            }
            self.first = false;
            self.value = self.blocks.mac(&self.key, &[&self.value]);
            let (candidate, too_large) = Scalar::reduce(&self.value);
            // Leaves the loop but for odds of 2^-128.
            if (too_large | candidate.zero_mask()) == 0 {
                return candidate;
            }
        }
    }

    /// `K = HMAC_K(V ‖ parts)`, `V = HMAC_K(V)`.
    fn rekey(&mut self, parts: &[&[u8]]) {
        let mut message: [&[u8]; 4] = [&[]; 4];
        message[0] = &self.value;
        message[1..=parts.len()].copy_from_slice(parts);
        let key = Zeroizing::new(self.blocks.mac(&self.key, &message));
        self.key = MacKey::new(&key, &mut self.blocks);
        self.value = self.blocks.mac(&self.key, &[&self.value]);
    }
}

impl Drop for Nonces {
    fn drop(&mut self) {
        self.value.zeroize();
        self.blocks.0.zeroize();
    }
}

/// An HMAC key (RFC 2104) as the states after its inner and outer padded blocks.
struct MacKey {
    inner: [u32; 8],
    outer: [u32; 8],
}

impl MacKey {
    /// The key of 32 zero bytes.
    const ZERO: Self = Self {
        inner: [
            0xf454_dead,
            0x9725_214f,
            0x90da_f2a0,
            0xdf12_28ea,
            0x64e5_750f,
            0xa392_4181,
            0x824a_932b,
            0xf8e0_4e32,
        ],
        outer: [
            0xd385_480f,
            0x7abb_6477,
            0x37c9_c538,
            0x5dd8_2467,
            0x8e04_3a72,
            0x7534_34b0,
            0xdeb8_2818,
            0x361d_45a6,
        ],
    };

    fn new(key: &[u8; 32], blocks: &mut Blocks) -> Self {
        let mut padded = |pad: u8| {
            blocks.0[0] = [pad; 64];
            for (byte, key) in blocks.0[0].iter_mut().zip(key) {
                *byte ^= key;
            }
            let mut state = SHA256_INITIAL;
            compress256(&mut state, &blocks.0[..1]);
            state
        };
        Self { inner: padded(0x36), outer: padded(0x5c) }
    }
}

impl Drop for MacKey {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

/// Where messages are padded.
struct Blocks([[u8; 64]; 2]);

impl Blocks {
    /// The MAC of at most 119 bytes, which with their padding fill two blocks.
    fn mac(&mut self, key: &MacKey, message: &[&[u8]]) -> [u8; 32] {
        let inner = Zeroizing::new(self.finish(&key.inner, message));
        self.finish(&key.outer, &[inner.as_slice()])
    }

    /// The hash of a block that led to `state` and of `message` after it.
    fn finish(&mut self, state: &[u32; 8], message: &[&[u8]]) -> [u8; 32] {
        let bytes = self.0.as_flattened_mut();
        let mut length = 0;
        for part in message {
            bytes[length..length + part.len()].copy_from_slice(part);
            length += part.len();
        }
        debug_assert!(length <= 119);
        let used = (length + 9).div_ceil(64);
        let bits = 8 * (64 + length as u64);
        bytes[length] = 0x80;
        bytes[length + 1..64 * used - 8].fill(0);
        bytes[64 * used - 8..64 * used].copy_from_slice(&bits.to_be_bytes());
        let mut state = *state;
        compress256(&mut state, &self.0[..used]);
        let mut hash = [0; 32];
        for (bytes, word) in hash.chunks_exact_mut(4).zip(state) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        state.zeroize();
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::super::numbers::Numbers;
    use super::*;
    use hmac::{Hmac, KeyInit, Mac};

    fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }

    /// Candidates after the first: no known hash is refused one, so no signature shows them.
    #[test]
    fn candidates() {
        let mut numbers = Numbers::new(31);
        for _ in 0..20 {
            let secret = Scalar::reduce(&numbers.secret()).0;
            let hash = Scalar::reduce(&numbers.edge()).0;
            let mut nonces = Nonces::new(&secret, &hash);

            // RFC 6979, section 3.2, steps b to h.
            let (x, z) = (secret.to_be_bytes(), hash.to_be_bytes());
            let mut k = hmac(&[0; 32], &[&[1; 32], &[0], &x, &z]);
            let mut v = hmac(&k, &[&[1; 32]]);
            k = hmac(&k, &[&v, &[1], &x, &z]);
            v = hmac(&k, &[&v]);
            for _ in 0..4 {
                v = hmac(&k, &[&v]);
                assert_eq!(nonces.next().to_be_bytes(), v);
                k = hmac(&k, &[&v, &[0]]);
                v = hmac(&k, &[&v]);
            }
        }
    }

    #[test]
    fn the_zero_key() {
        let key = MacKey::new(&[0; 32], &mut Blocks([[0; 64]; 2]));
        assert_eq!((key.inner, key.outer), (MacKey::ZERO.inner, MacKey::ZERO.outer));
    }
}
