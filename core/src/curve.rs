//! The seam behind which secp256k1 arithmetic sits: scalars, points and ECDSA as plain bytes.
//!
//! Two engines give the same bytes. Our own (`curve/ecdsa.rs` and what it stands on) is for 64-bit
//! machines and has the feature `fast`; k256 (`curve/k256_engine.rs`) is for all others, and is what
//! the tests hold ours against.

#[cfg(any(test, all(feature = "fast", target_pointer_width = "64")))]
mod comb;
#[cfg(any(test, all(feature = "fast", target_pointer_width = "64")))]
mod ecdsa;
#[cfg(any(test, all(feature = "fast", target_pointer_width = "64")))]
mod field;
#[cfg(any(test, all(feature = "fast", target_pointer_width = "64")))]
mod glv;
#[cfg(any(test, all(feature = "fast", target_pointer_width = "64")))]
mod inverse;
#[cfg(any(test, all(feature = "fast", target_pointer_width = "64")))]
mod jacobian;
#[cfg(any(
    test,
    feature = "second-opinion",
    not(all(feature = "fast", target_pointer_width = "64"))
))]
// A second opinion needs recovery only.
#[cfg_attr(feature = "second-opinion", allow(dead_code))]
mod k256_engine;
#[cfg(any(test, all(feature = "fast", target_pointer_width = "64")))]
mod limbs;
#[cfg(any(test, all(feature = "fast", target_pointer_width = "64")))]
mod many;
#[cfg(any(test, all(feature = "fast", target_pointer_width = "64")))]
mod nonce;
#[cfg(any(test, all(feature = "fast", target_pointer_width = "64")))]
mod point;
#[cfg(any(test, all(feature = "fast", target_pointer_width = "64")))]
mod recover;
#[cfg(any(test, all(feature = "fast", target_pointer_width = "64")))]
mod scalar;
#[cfg(any(test, all(feature = "fast", target_pointer_width = "64")))]
mod tables;

#[cfg(all(feature = "fast", target_pointer_width = "64"))]
pub(crate) use ecdsa::{KnownSigner, SecretScalar, decode_point, normalize_s};
#[cfg(not(all(feature = "fast", target_pointer_width = "64")))]
pub(crate) use k256_engine::{
    KnownSigner, SecretScalar, decode_point, normalize_s, recover_vartime,
};
#[cfg(all(feature = "fast", target_pointer_width = "64"))]
pub(crate) use recover::recover_vartime;

#[cfg(any(test, feature = "second-opinion"))]
pub(crate) use k256_engine::recover_vartime as recover_by_k256_vartime;

#[cfg(test)]
mod exhaustive;
#[cfg(test)]
mod fiat;
#[cfg(test)]
mod numbers;
#[cfg(test)]
mod tests;

/// How many signatures are checked together.
pub(crate) const MANY: usize = 16;

/// A hash, `r ‖ s` and a recovery id.
pub(crate) struct Signed {
    pub(crate) hash: [u8; 32],
    pub(crate) rs: [u8; 64],
    pub(crate) recovery_id: u8,
}

/// The group order n, big-endian (SEC 2, section 2.4.1).
pub(crate) const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
    0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
];

/// (n - 1) / 2, the largest low s.
pub(crate) const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];
