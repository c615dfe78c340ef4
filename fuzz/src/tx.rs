//! Transactions: what was read is written again as it was.

use opsign_core::SecretKey;
use opsign_core::tx::{SignedTransaction, Transaction, sign_transaction};

/// A transaction in its network form.
pub fn tx_decode(data: &[u8]) {
    let Ok(signed) = SignedTransaction::decode(data) else { return };
    let mut again = vec![0; data.len()];
    assert_eq!(signed.encode(&mut again), Ok(data.len()));
    assert_eq!(again, data, "one value has one encoding");
    assert_eq!(signed.encoded_len(), data.len());

    let bare = signed.with_sidecar(None);
    assert_eq!(bare.hash(), signed.hash());
    assert_eq!(bare.sender(), signed.sender());
    let length = bare.encode(&mut again).expect("it is no longer than with a sidecar");
    assert_eq!(SignedTransaction::decode(&again[..length]), Ok(bare));

    // Walks every list.
    assert!(!format!("{signed:?}").is_empty());
    if let Some(sidecar) = signed.sidecar() {
        assert!(sidecar.blobs().all(|blob| blob.len() == 131_072));
        assert!(sidecar.commitments().chain(sidecar.proofs()).all(|point| point.len() == 48));
    }
    if let Transaction::SetCode(transaction) = signed.transaction() {
        for authorization in transaction.authorization_list.iter() {
            let _ = authorization.authority();
        }
    }
}

/// The bytes whose hash is signed.
pub fn tx_unsigned(data: &[u8]) {
    let Ok(transaction) = Transaction::decode_unsigned(data) else { return };
    let hash = transaction.signing_hash().expect("a deposit is not read");
    assert_eq!(hash.as_bytes(), &alloy_primitives::keccak256(data).0);

    let key = SecretKey::from_bytes(&[1; 32]).expect("a key");
    // A legacy chain id near 2^256 has no v.
    let Ok(signed) = sign_transaction(&key, &transaction) else { return };
    let mut raw = vec![0; signed.encoded_len()];
    assert_eq!(signed.encode(&mut raw), Ok(raw.len()));
    let decoded = SignedTransaction::decode(&raw).expect("what was written is read");
    assert_eq!(decoded, signed);
    assert_eq!(decoded.transaction(), &transaction);
    assert_eq!(decoded.sender(), Ok(key.address()));
}
