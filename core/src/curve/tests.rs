//! Our engine against k256: every answer is the same to the last bit.

use std::boxed::Box;

use super::numbers::{Numbers, rounds};
use super::point::{Affine, Xyzz};
use super::scalar::{N, Scalar};
use super::tables::GENERATOR_PUBLIC;
use super::{MANY, Signed, ecdsa, k256_engine, limbs, recover};

/// Signs with both, recovers with both, checks with both; returns the signature.
fn same(secret: &[u8; 32], hash: &[u8; 32]) -> ([u8; 64], u8) {
    let ours = ecdsa::SecretScalar::new(secret).ok().unwrap();
    let theirs = k256_engine::SecretScalar::new(secret).ok().unwrap();
    let point = ours.public_point();
    assert_eq!(point, theirs.public_point(), "public point of {secret:x?}");
    let (rs, id) = ours.sign(hash);
    assert_eq!((rs, id), theirs.sign(hash), "signature by {secret:x?} over {hash:x?}");
    assert_eq!(recover::recover_vartime(hash, &rs, id), Some(point), "{secret:x?} {hash:x?}");
    (rs, id)
}

#[test]
fn signatures() {
    let mut numbers = Numbers::new(1);
    for _ in 0..rounds(300) {
        let secret = numbers.secret();
        let hash = numbers.edge();
        same(&secret, &hash);
    }
}

#[test]
fn secrets_out_of_range() {
    let mut numbers = Numbers::new(2);
    let mut refused = 0;
    for _ in 0..rounds(2_000) {
        let secret = numbers.edge();
        let ours = ecdsa::SecretScalar::new(&secret).map(|_| ());
        let theirs = k256_engine::SecretScalar::new(&secret).map(|_| ());
        assert_eq!(ours, theirs, "{secret:x?}");
        refused += u32::from(ours.is_err());
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn recovery_of_anything() {
    let mut numbers = Numbers::new(3);
    let mut recovered = 0;
    for _ in 0..rounds(1_000) {
        let mut rs = [0; 64];
        rs[..32].copy_from_slice(&numbers.edge());
        rs[32..].copy_from_slice(&numbers.edge());
        // s / r small, so that the multiplication ends before the square root.
        if numbers.below(8) == 0 {
            let r = Scalar::reduce(rs[..32].try_into().unwrap()).0;
            let small = Scalar::from_limbs([numbers.below(40), 0, 0, 0]);
            rs[32..].copy_from_slice(&r.mul(&small).to_be_bytes());
        }
        let hash = numbers.edge();
        let id = numbers.below(5) as u8;
        let ours = recover::recover_vartime(&hash, &rs, id);
        assert_eq!(ours, k256_engine::recover_vartime(&hash, &rs, id), "{rs:x?} {hash:x?} {id}");
        assert_eq!(ecdsa::normalize_s(&rs), k256_engine::normalize_s(&rs), "{rs:x?}");
        recovered += u32::from(ours.is_some());
    }
    assert!(recovered > 100, "{recovered}");
}

/// An r that is no x coordinate of the curve is one of its twist, where orders may be small and points
/// meet their like: here of order 3, 13 and 3319, found with a program of its own.
#[test]
fn recovery_off_the_curve() {
    const SMALL: [[u64; 4]; 4] = [
        [
            0x19d3_8019_a130_0a25,
            0xacce_ee9c_1767_7133,
            0xb93b_9fce_da19_4b89,
            0xd9c5_3ab8_4c10_114a,
        ],
        [
            0x5d76_0364_7df4_5dab,
            0x5907_aeea_8ee8_3430,
            0xf23a_537a_a58b_fed6,
            0xe28d_5de5_437c_1c2e,
        ],
        [
            0xf8f5_99f9_37dd_2c50,
            0x36fc_75d0_0927_c948,
            0x4d36_e708_4f24_9e6a,
            0xfa92_fc1c_fdec_6cad,
        ],
        [
            0x05f2_4a78_b31e_75f7,
            0xf661_b021_9151_4a79,
            0x5280_ad00_1d2d_1470,
            0x2d62_3f65_7cc6_ce0f,
        ],
    ];
    let mut numbers = Numbers::new(8);
    for r in SMALL {
        let mut rs = [0; 64];
        for (bytes, limb) in rs.chunks_exact_mut(8).zip(r) {
            bytes.copy_from_slice(&limb.to_be_bytes());
        }
        for _ in 0..rounds(20) {
            rs[32..].copy_from_slice(&numbers.secret());
            let hash = numbers.edge();
            for id in 0..2 {
                assert_eq!(k256_engine::recover_vartime(&hash, &rs, id), None, "{rs:x?}");
                assert_eq!(recover::recover_vartime(&hash, &rs, id), None, "{rs:x?} {hash:x?}");
            }
        }
    }
}

#[test]
fn points() {
    let mut numbers = Numbers::new(4);
    let mut accepted = 0;
    for _ in 0..rounds(1_000) {
        let mut bytes = [0; 66];
        let length = [33, 33, 33, 65, 65, 64, 66, 1, 0][numbers.below(9) as usize];
        bytes[0] = [2, 3, 4, 5, 0, 6][numbers.below(6) as usize];
        if numbers.below(2) == 0 {
            let secret = numbers.secret();
            let point = k256_engine::SecretScalar::new(&secret).ok().unwrap().public_point();
            bytes[1..65].copy_from_slice(&point[1..]);
            if numbers.below(4) == 0 {
                bytes[1 + numbers.below(64) as usize] ^= 1 << numbers.below(8);
            }
        } else {
            bytes[1..33].copy_from_slice(&numbers.edge());
            bytes[33..65].copy_from_slice(&numbers.edge());
        }
        let ours = ecdsa::decode_point(&bytes[..length]);
        assert_eq!(ours, k256_engine::decode_point(&bytes[..length]), "{bytes:x?}");
        accepted += u32::from(ours.is_ok());
    }
    assert!(accepted > 60, "{accepted}");
}

/// A signature that is changed in one way or in none; half of all changes still recover.
#[test]
fn known_signers() {
    let mut numbers = Numbers::new(5);
    let (mut yes, mut no) = (0, 0);
    for _ in 0..rounds(4) {
        let secret = numbers.secret();
        let key = ecdsa::SecretScalar::new(&secret).ok().unwrap();
        let ours = Box::new(ecdsa::KnownSigner::new(&key.public_point()));
        let theirs = k256_engine::KnownSigner::new(&key.public_point());
        for _ in 0..100 {
            let mut hash = numbers.edge();
            let (mut rs, mut id) = key.sign(&hash);
            numbers.change(&mut hash, &mut rs, &mut id);
            // (z/s) G is plus or minus (r/s) Q where z is plus or minus r d: the sum is a doubling,
            // or infinity.
            if numbers.below(8) == 0 {
                let r = Scalar::reduce(rs[..32].try_into().unwrap()).0;
                let rd = r.mul(&Scalar::reduce(&secret).0);
                hash = if numbers.below(2) == 0 { rd } else { rd.negate() }.to_be_bytes();
                if numbers.below(2) == 0 {
                    (rs, id) = key.sign(&hash);
                }
            }
            let accepted = theirs.verify_vartime(&hash, &rs, id);
            let verdict = ours.verify_vartime(&hash, &rs, id);
            assert_eq!(verdict, accepted, "{secret:x?} {hash:x?} {rs:x?} {id}");
            let found = ours.recovery_id_vartime(&hash, &rs);
            assert_eq!(found, theirs.recovery_id_vartime(&hash, &rs), "{hash:x?} {rs:x?}");
            assert!(!accepted || id > 1 || found == Some(id), "{hash:x?} {rs:x?} {id}");
            if accepted { yes += 1 } else { no += 1 }
        }
    }
    assert!(yes > 60 && no > 60, "{yes} {no}");
}

/// Of one to sixteen signatures at a time each has the verdict that it has by itself, whatever stands
/// beside it; the keys 1 and n - 1 have the generator's table, whose points meet their like.
#[test]
fn known_signers_of_many() {
    let mut numbers = Numbers::new(7);
    let (mut yes, mut no) = (0, 0);
    let mut secrets = std::vec![[0; 32]; 2];
    secrets[0][31] = 1;
    secrets[1] = Scalar::from_limbs([1, 0, 0, 0]).negate().to_be_bytes();
    secrets.extend((0..rounds(3)).map(|_| numbers.secret()));
    for secret in secrets {
        let key = ecdsa::SecretScalar::new(&secret).ok().unwrap();
        let ours = Box::new(ecdsa::KnownSigner::new(&key.public_point()));
        let theirs = k256_engine::KnownSigner::new(&key.public_point());
        for length in (1..=MANY).chain([MANY, MANY]) {
            let signed = (0..length).map(|_| {
                let mut hash = numbers.edge();
                let (mut rs, mut recovery_id) = key.sign(&hash);
                numbers.change(&mut hash, &mut rs, &mut recovery_id);
                // A doubling or infinity, as above; and of no hash there are no entries.
                if numbers.below(8) == 0 {
                    let r = Scalar::reduce(rs[..32].try_into().unwrap()).0;
                    let rd = r.mul(&Scalar::reduce(&secret).0);
                    hash = [rd, rd.negate(), Scalar::from_limbs([0; 4])][numbers.below(3) as usize]
                        .to_be_bytes();
                    if numbers.below(2) == 0 {
                        (rs, recovery_id) = key.sign(&hash);
                    }
                }
                Signed { hash, rs, recovery_id }
            });
            let signed = signed.collect::<std::vec::Vec<_>>();
            let verdicts = ours.verify_many_vartime(&signed);
            for (Signed { hash, rs, recovery_id }, verdict) in signed.iter().zip(verdicts) {
                let single = ours.verify_vartime(hash, rs, *recovery_id);
                assert_eq!(verdict, single, "{secret:x?} {hash:x?} {rs:x?} {recovery_id}");
                if verdict { yes += 1 } else { no += 1 }
            }
            assert!(verdicts[length..].iter().all(|verdict| !verdict));
            assert_eq!(verdicts, theirs.verify_many_vartime(&signed));
        }
    }
    assert!(yes > 100 && no > 100, "{yes} {no}");
}

/// Signatures whose nonce point has an x from n to p - 1: such keys are found by recovering them.
#[test]
fn nonce_points_above_the_order() {
    let mut numbers = Numbers::new(6);
    let mut found = 0;
    for r in 1..40 {
        let mut rs = [0; 64];
        rs[31] = r;
        rs[32..].copy_from_slice(&numbers.secret());
        let hash = numbers.edge();
        for id in 2..4 {
            let point = k256_engine::recover_vartime(&hash, &rs, id);
            assert_eq!(recover::recover_vartime(&hash, &rs, id), point, "{rs:x?} {hash:x?} {id}");
            let Some(point) = point else { continue };
            let ours = Box::new(ecdsa::KnownSigner::new(&point));
            for other in 0..5 {
                assert_eq!(ours.verify_vartime(&hash, &rs, other), other == id, "{rs:x?} {id}");
            }
            found += 1;
        }
    }
    assert!(found > 20, "{found}");
}

/// `m G + k G` for small m and k of both signs: sums at infinity and doublings in every row's form.
#[test]
fn special_sums() {
    let small = |number: i32| {
        let mut bytes = [0; 32];
        bytes[28..].copy_from_slice(&number.unsigned_abs().to_be_bytes());
        let scalar = Scalar::reduce(&bytes).0;
        if number < 0 { scalar.negate() } else { scalar }
    };
    let point = |number: i32| {
        let key = k256_engine::SecretScalar::new(&small(number).to_be_bytes()).ok()?;
        Some(key.public_point())
    };
    for m in -20..=20 {
        let start = GENERATOR_PUBLIC.add_multiple_vartime(Xyzz::INFINITY, &small(m));
        for k in -20..=20 {
            let sum = GENERATOR_PUBLIC.add_multiple_vartime(start, &small(k));
            let sum = sum.to_affine_vartime().map(Affine::to_bytes);
            assert_eq!(sum, point(m + k), "{m} + {k}");
        }
    }
}

/// With R = 2^252 and n = 16 R - t, digits for 14 R + t itself, which serve its negative too, would end
/// in a doubling: they are made for 2n less.
#[test]
fn no_doubling_at_the_end_of_the_comb() {
    let exceptional = limbs::sub(&[0, 0, 0, 0xe << 60], &N).0;
    for distance in 0..5 {
        for secret in [
            limbs::add(&exceptional, &[distance, 0, 0, 0]).0,
            limbs::sub(&exceptional, &[distance, 0, 0, 0]).0,
        ] {
            let secret = limbs::to_be_bytes(&secret);
            same(&secret, &[7; 32]);
            same(&Scalar::reduce(&secret).0.negate().to_be_bytes(), &[7; 32]);
        }
    }
}
