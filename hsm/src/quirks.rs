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
}
