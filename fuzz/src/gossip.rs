//! The gossip message, layer by layer.

use opsign_core::gossip::{
    Envelope, GossipConfig, GossipMemory, Payload, Reason, Topic, Verdict, decompress,
    decompressed_len, validate,
};
use opsign_core::tx::SignedTransaction;
use opsign_core::{ChainId, PayloadHash, SecretKey, Signer, payload_signing_hash};

/// Messages that claim to be longer cost time and show nothing new.
const LONGEST: usize = 1 << 16;

/// Snappy's block format, beside the `snap` crate.
pub fn snappy(data: &[u8]) {
    if let Ok(length) = decompressed_len(data)
        && length <= LONGEST
    {
        let mut room = vec![0; length];
        let ours = decompress(data, &mut room).map(<[u8]>::to_vec);
        let theirs = snap::raw::Decoder::new().decompress_vec(data);
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs),
            (Err(reason), Err(_)) => assert_eq!(reason, Reason::SnappyCorrupt),
            // It reads lengths of five bytes at the most; op-node and we read ten.
            (Ok(_), Err(snap::Error::Header)) => assert!(data[..5].iter().all(|byte| *byte > 0x7f)),
            (ours, theirs) => panic!("we say {ours:?}, snap says {theirs:?}"),
        }
    }
    if (66..=LONGEST).contains(&data.len()) {
        let message = snap::raw::Encoder::new().compress_vec(data).expect("it is short");
        let mut room = vec![0; decompressed_len(&message).expect("the length is right")];
        assert_eq!(decompress(&message, &mut room), Ok(data));
    }
}

/// An SSZ execution payload of the topic that the first byte names.
pub fn ssz(data: &[u8]) {
    let Some((&topic, bytes)) = data.split_first() else { return };
    let topic = Topic::ALL[usize::from(topic % 4)];
    let Ok(payload) = Payload::parse(topic, bytes) else { return };
    assert_eq!(payload.topic(), topic);
    let transactions = payload.transactions();
    let mut length = 0;
    for (at, transaction) in transactions.iter().enumerate() {
        assert_eq!(transactions.get(at), Some(transaction));
        if let Ok(transaction) = SignedTransaction::decode(transaction) {
            let _ = transaction.hash();
        }
        length += 1;
    }
    assert_eq!(length, transactions.len());
    assert_eq!(transactions.get(length), None);
    assert_eq!(payload.computed_block_hash(), payload.computed_block_hash());
    assert!(!format!("{payload:?}").is_empty());
}

/// A message with what its judge knows.
pub(crate) struct Question {
    pub(crate) topic: Topic,
    pub(crate) now: u64,
    pub(crate) message: Vec<u8>,
}

/// The chain on which every message here is judged.
pub(crate) const CHAIN: u64 = 10;

/// The signer that the judge expects.
pub(crate) fn signer() -> SecretKey {
    SecretKey::from_bytes(&[1; 32]).expect("a key")
}

/// Makes a message of any bytes. The first two say how much of it is made right, so that every
/// rule can be reached, which no mutation of signed bytes would:
///
/// - bits 0 and 1 of the first: the topic;
/// - bit 2: the rest is the message as it comes, compressed; else
/// - bit 3: the rest is compressed, but has a signature in front; else it is a payload to sign,
/// - bit 4: with the block hash of its contents put in;
/// - the second: the judge's clock less the block's time, signed.
pub(crate) fn question(data: &[u8]) -> Option<Question> {
    let (&[how, clock], rest) = data.split_first_chunk()?;
    let topic = Topic::ALL[usize::from(how & 3)];
    let compress = |data: &[u8]| snap::raw::Encoder::new().compress_vec(data).ok();
    let mut payload = rest.to_vec();
    let found = Payload::parse(topic, rest).ok();
    if let Some(found) = &found
        && how & 16 != 0
    {
        // Everything before the withdrawals has one place; the hash is the twelfth field.
        let at = topic.prefix_len() + 472;
        assert_eq!(payload[at..at + 32], found.block_hash().0);
        payload[at..at + 32].copy_from_slice(&found.computed_block_hash().0);
    }
    let message = if how & 4 != 0 {
        rest.to_vec()
    } else if how & 8 != 0 {
        compress(rest)?
    } else {
        let hash = payload_signing_hash(&ChainId::from(CHAIN), &PayloadHash::of(&payload));
        let signature = signer().sign(&hash).expect("a signature");
        compress(&[&signature.as_bytes()[..], &payload].concat())?
    };
    let time = found.map_or(1_700_000_000, |payload| payload.timestamp());
    let now = time.wrapping_add_signed(i64::from(clock as i8)) & (u64::MAX >> 1);
    Some(Question { topic, now, message })
}

/// Our answer.
pub(crate) fn answer(question: &Question) -> Reason {
    let config = GossipConfig {
        topic: question.topic,
        chain_id: ChainId::from(CHAIN),
        signer: Some(signer().address()),
        previous_signer: None,
        jovian_time: None,
        max_age: 60,
    };
    let Question { now, message, .. } = question;
    let mut room = vec![0; decompressed_len(message).unwrap_or(0)];
    let mut memory = Box::new(GossipMemory::new());
    let judgement = validate(&config, *now, message, &mut room, &mut memory);
    let (reason, signer) = (judgement.reason, judgement.signer);
    assert_eq!(judgement.verdict(), reason.verdict());
    if reason.verdict() == Verdict::Accept {
        assert!(judgement.payload.is_some());
        let envelope = decompress(message, &mut room).map(Envelope::parse);
        let recovered = envelope.expect("it was read").expect("it was read");
        assert_eq!(recovered.recover_signer(&config.chain_id).ok(), signer);
        let again = validate(&config, *now, message, &mut room, &mut memory);
        assert_eq!(again.reason, Reason::AlreadySeen);
    }
    reason
}

/// The whole check, on a message made as `question` says.
pub fn gossip(data: &[u8]) {
    if let Some(question) = question(data)
        && decompressed_len(&question.message).unwrap_or(0) <= LONGEST
    {
        answer(&question);
    }
}
