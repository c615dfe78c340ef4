//! Numbers and bytes as the Engine API writes them.

/// N bytes: `0x` and two digits for each, in any case.
pub(crate) fn fixed<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.strip_prefix("0x")?;
    let mut bytes = [0; N];
    if digits.len() != 2 * N {
        return None;
    }
    base16ct::mixed::decode(digits, &mut bytes).ok()?;
    Some(bytes)
}

/// A number of at most 256 bits, big-endian, so that arrays compare as numbers do.
pub(crate) fn big(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix("0x")?;
    if digits.is_empty() || digits.len() > 64 {
        return None;
    }
    let mut bytes = [0; 32];
    base16ct::mixed::decode(format!("{digits:0>64}"), &mut bytes).ok()?;
    Some(bytes)
}

/// A number of at most 64 bits.
pub(crate) fn quantity(text: &str) -> Option<u64> {
    let bytes = big(text)?;
    let (high, low) = bytes.split_at(24);
    if high.iter().any(|byte| *byte != 0) {
        return None;
    }
    Some(u64::from_be_bytes(low.try_into().ok()?))
}

/// `0x` and lower-case digits.
pub(crate) fn show(bytes: &[u8]) -> String {
    format!("0x{}", base16ct::lower::encode_string(bytes))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_bytes() {
        assert_eq!(quantity("0x0"), Some(0));
        assert_eq!(quantity("0xfFffffffffffffff"), Some(u64::MAX));
        assert_eq!(quantity("0x10000000000000000"), None);
        assert_eq!(quantity("0x"), None);
        assert_eq!(quantity("12"), None);
        assert_eq!(quantity("0x-1"), None);
        assert_eq!(fixed::<2>("0xaBcd"), Some([0xab, 0xcd]));
        assert_eq!(fixed::<2>("0xabc"), None);
        assert_eq!(fixed::<2>("0xabcdef"), None);
        assert!(big("0x100").unwrap() > big("0xff").unwrap());
        assert_eq!(show(&[0, 255]), "0x00ff");
    }
}
