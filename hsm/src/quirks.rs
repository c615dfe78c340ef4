//! Where modules differ from the standard, one named function each.

/// The DER of the object identifier 1.3.132.0.10, secp256k1 (SEC 2, section A.2).
pub(crate) const SECP256K1_OID: [u8; 7] = [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a];

/// `CKA_EC_POINT` is a DER OCTET STRING around the point (PKCS#11 2.40, section 2.3.3); some modules
/// give the bare point. A bare uncompressed point starts with 04 as an OCTET STRING does, and is
/// told apart by its length.
pub(crate) fn unwrap_ec_point(attribute: &[u8]) -> &[u8] {
    match attribute {
        [0x04, length @ (33 | 65), point @ ..] if point.len() == usize::from(*length) => point,
        bare => bare,
    }
}

/// Wraps an uncompressed point as the standard wants it when an object is made.
pub(crate) fn wrap_ec_point(point: &[u8; 65]) -> Vec<u8> {
    let mut wrapped = vec![0x04, 65];
    wrapped.extend_from_slice(point);
    wrapped
}

/// `CKA_EC_PARAMS` of edwards25519 is the curve's name as a DER PrintableString (PKCS#11 3.0, section
/// 2.3.5) or its object identifier 1.3.101.112 (PKCS#11 3.1; RFC 8410); modules differ.
pub(crate) fn is_edwards25519(params: &[u8]) -> bool {
    params == b"\x13\x0cedwards25519" || params == [0x06, 0x03, 0x2b, 0x65, 0x70]
}

/// The 32 bytes of an edwards25519 point: in a DER OCTET STRING (PKCS#11 3.0) or bare (3.1).
pub(crate) fn unwrap_edwards_point(attribute: &[u8]) -> Option<&[u8; 32]> {
    attribute
        .strip_prefix(&[0x04, 0x20])
        .filter(|point| point.len() == 32)
        .unwrap_or(attribute)
        .try_into()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_found_wrapped_and_bare() {
        let mut point = [0x55; 65];
        point[0] = 4;
        assert_eq!(unwrap_ec_point(&wrap_ec_point(&point)), point);
        assert_eq!(unwrap_ec_point(&point), point);
        let compressed = [2; 33];
        let mut wrapped = vec![4, 33];
        wrapped.extend_from_slice(&compressed);
        assert_eq!(unwrap_ec_point(&wrapped), compressed);
        assert!(unwrap_ec_point(&[]).is_empty());
    }

    #[test]
    fn a_bare_point_whose_x_starts_like_a_length_is_not_cut() {
        let mut point = [0x55; 65];
        point[..2].copy_from_slice(&[4, 65]);
        assert_eq!(unwrap_ec_point(&point), point);
        point[1] = 33;
        assert_eq!(unwrap_ec_point(&point), point);
    }

    #[test]
    fn an_edwards_point_is_found_wrapped_and_bare() {
        let point = [0x55; 32];
        let wrapped = [&[4, 32][..], &point].concat();
        assert_eq!(unwrap_edwards_point(&wrapped), Some(&point));
        assert_eq!(unwrap_edwards_point(&point), Some(&point));
        let mut bare = point;
        bare[..2].copy_from_slice(&[4, 32]);
        assert_eq!(unwrap_edwards_point(&bare), Some(&bare));
        for bad in [&wrapped[..33], &[&wrapped[..], &[0]].concat(), &point[1..], &[]] {
            assert_eq!(unwrap_edwards_point(bad), None);
        }
    }

    #[test]
    fn edwards25519_by_name_and_by_number() {
        // DER by hand: 1.3.101.112 is 06 03 2b 65 70; 1.3.101.113, Ed448, ends in 71.
        assert!(is_edwards25519(&[6, 3, 0x2b, 0x65, 0x70]));
        assert!(is_edwards25519(&[&[0x13, 12][..], b"edwards25519"].concat()));
        for other in [&[6, 3, 0x2b, 0x65, 0x71][..], b"edwards25519", b"\x13\x0aedwards448", b""] {
            assert!(!is_edwards25519(other));
        }
    }
}
