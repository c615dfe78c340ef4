//! What each parser says of input that is not what it should be, in words and place.
#![allow(clippy::unwrap_used, reason = "a test program")]

use opsign_core::gossip::{Envelope, MAX_MESSAGE, Reason, Topic, decompress, decompressed_len};
use opsign_core::{
    Address, ChainId, Error, ErrorCode, PayloadHash, PublicKey, Rules, SecretKey, Signature, hazmat,
};

fn says<T>(result: Result<T, Error>) -> String {
    result.err().expect("an error").to_string()
}

#[test]
fn hex_text() {
    let read = |text: &str| says(PayloadHash::from_hex(text));
    assert_eq!(read(""), "the payload hash is empty");
    assert_eq!(read("0x"), "the payload hash is empty");
    assert_eq!(read("0x123"), "the payload hash has 3 hex digits, an odd number");
    assert_eq!(read("12"), "the payload hash is too short: 1 bytes, not 32");
    assert_eq!(read(&"0".repeat(66)), "the payload hash is too long: 33 bytes, not 32");
    let mut text = "0".repeat(64);
    text.replace_range(10..11, "g");
    assert_eq!(read(&text), "the payload hash has no hex digit at position 10");
    assert_eq!(read(&format!("0x{text}")), "the payload hash has no hex digit at position 12");
    assert_eq!(read(&"é".repeat(32)), "the payload hash has no hex digit at position 0");
}

#[test]
fn secret_keys_are_refused_without_being_shown() {
    let read = |text: &str| says(SecretKey::from_hex(text));
    assert_eq!(read(&"0".repeat(64)), "the secret key is zero");
    assert_eq!(read(&"f".repeat(64)), "the secret key is not below the group order");
    let almost = format!("{}zz", "ab".repeat(31));
    assert_eq!(read(&almost), "the secret key has no hex digit at position 62");
    assert!(!read(&almost).contains("ab"));
}

#[test]
fn signatures() {
    let mut bytes = [1; 65];
    for (value, says_what) in [
        (2, "the signature's last byte is 2, which is no y_parity"),
        (27, "the signature's last byte is 27; op-node takes y_parity, which is 0"),
        (28, "the signature's last byte is 28; op-node takes y_parity, which is 1"),
        (255, "the signature's last byte is 255, which is no y_parity"),
    ] {
        bytes[64] = value;
        assert_eq!(says(Signature::from_bytes(&bytes, Rules::Strict)), says_what);
    }
    let text = format!("0x{}", "1".repeat(129));
    assert_eq!(
        says(Signature::from_hex(&text, Rules::Strict)),
        "the signature has 129 hex digits, an odd number"
    );
}

#[test]
fn addresses_say_where_the_checksum_fails() {
    let wrong = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed".replacen('A', "a", 1);
    assert!(says(wrong.parse::<Address>()).contains("at position 4"), "{wrong}");
}

#[test]
fn chain_ids() {
    let read = |text: &str| text.parse::<ChainId>();
    assert_eq!(says(read("")), "the chain id is empty");
    assert_eq!(says(read("0x")), "the chain id is empty");
    for (text, position) in [("-1", 0), ("1_0", 1), ("0xg", 2), ("10 ", 2), ("1٣", 1), ("+1", 0)] {
        assert_eq!(read(text), Err(Error::ChainIdDigit { position }), "{text}");
    }
    let largest = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    assert_eq!(read(largest).unwrap(), ChainId::from_be_bytes([0xff; 32]));
    assert_eq!(read(largest).unwrap().to_string(), largest);
    let above = largest.replace("935", "936");
    assert_eq!(read(&above), Err(Error::ChainIdTooLarge));
    assert_eq!(read(&format!("0x1{}", "0".repeat(64))), Err(Error::ChainIdTooLarge));
    assert_eq!(read(&format!("0x{}", "f".repeat(64))).unwrap(), read(largest).unwrap());
    assert_eq!(read("000").unwrap().to_string(), "0");
    assert_eq!(read(&format!("{}7", "0".repeat(500))).unwrap(), ChainId::from(7));
}

#[test]
fn public_keys() {
    let good = *SecretKey::from_bytes(&[1; 32]).unwrap().public_key();
    let point = good.as_sec1_bytes();
    assert_eq!(PublicKey::from_sec1_bytes(point).unwrap(), good);
    let mut compressed = [0; 33];
    compressed.copy_from_slice(&point[..33]);
    compressed[0] = 2 + (point[64] & 1);
    assert_eq!(PublicKey::from_sec1_bytes(&compressed).unwrap(), good);

    let mut off_curve = *point;
    off_curve[64] ^= 1;
    let mut hybrid = *point;
    hybrid[0] = 6 + (point[64] & 1);
    for bad in [&[][..], &[0], &point[..64], &off_curve, &hybrid, &[2; 65], &[4; 33]] {
        assert_eq!(PublicKey::from_sec1_bytes(bad), Err(Error::PublicKeyInvalid));
    }
}

#[test]
fn a_raw_hash_has_32_bytes() {
    for length in [0, 1, 31, 33, 64] {
        let code = hazmat::signing_hash(&vec![1; length]).unwrap_err().code();
        let expected = match length {
            0 => ErrorCode::Empty,
            1..32 => ErrorCode::TooShort,
            _ => ErrorCode::TooLong,
        };
        assert_eq!(code, expected);
    }
    assert_eq!(hazmat::signing_hash(&[9; 32]).unwrap().as_bytes(), &[9; 32]);
}

#[test]
fn envelopes() {
    assert_eq!(
        says(Envelope::parse(&[0; 65])),
        "the decompressed gossip message is too short: 65 bytes, at least 66"
    );
    assert_eq!(Envelope::parse(&[0; 66]).unwrap().payload(), [0]);
    Envelope::parse(&vec![0; MAX_MESSAGE]).unwrap();
    assert_eq!(Envelope::parse(&vec![0; MAX_MESSAGE + 1]).unwrap_err().code(), ErrorCode::TooLong);
    assert_eq!("v5".parse::<Topic>(), Err(Error::UnknownTopic));
}

#[test]
fn snappy_bombs_are_refused_by_their_header() {
    // Headers that claim 4 GiB - 1, more than 32 bits, 10 MiB + 1, too little, and nothing at all.
    assert_eq!(decompressed_len(&[0xff, 0xff, 0xff, 0xff, 0x0f]), Err(Reason::MessageTooLarge));
    assert_eq!(decompressed_len(&[0x80, 0x80, 0x80, 0x80, 0x10]), Err(Reason::SnappyLengthInvalid));
    assert_eq!(decompressed_len(&[0xff; 10]), Err(Reason::SnappyLengthInvalid));
    assert_eq!(decompressed_len(&[0x81, 0x80, 0x80, 0x05]), Err(Reason::MessageTooLarge));
    assert_eq!(decompressed_len(&[0x80, 0x80, 0x80, 0x05]), Ok(MAX_MESSAGE));
    assert_eq!(decompressed_len(&[65]), Err(Reason::MessageTooSmall));
    assert_eq!(decompressed_len(&[]), Err(Reason::SnappyLengthInvalid));
    let mut room = [0; 66];
    assert_eq!(decompress(&[66], &mut room), Err(Reason::SnappyCorrupt));
    assert_eq!(decompress(&[0x80, 0x80, 0x80, 0x05], &mut room), Err(Reason::SnappyCorrupt));
}

#[test]
fn a_snappy_copy_must_end_where_the_message_does() {
    // 66 bytes: a literal of 60, then a copy of 5, 6 or 7 from one byte, and from eight bytes, back.
    for (length, offset, fits) in [
        (5, 1, false),
        (6, 1, true),
        (7, 1, false),
        (5, 8, false),
        (6, 8, true),
        (7, 8, false),
        (6, 60, true),
        (6, 61, false),
    ] {
        let mut message = vec![66, 59 << 2];
        message.extend(0..60u8);
        message.extend([(length - 4) << 2 | 1, offset]);
        let mut room = [0; 66];
        let copied = decompress(&message, &mut room).map(|data| data[60..].to_vec());
        let from = 60u8.saturating_sub(offset);
        let expected: Vec<u8> = (0..6).map(|at| from + at % offset).collect();
        assert_eq!(copied, if fits { Ok(expected) } else { Err(Reason::SnappyCorrupt) });
    }
}
