//! op-node's verdict on a gossiped block, rule by rule in its order (`docs/gossip-rules.md`).

use super::{BlockHash, Envelope, MAX_MESSAGE, MIN_DATA, Payload, Topic};
use crate::chain_id::ChainId;
use crate::error::Error;
use crate::key::Address;
use crate::verifier::AddressVerifier;

/// What a peer does with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Deliver and forward it.
    Accept,
    /// Drop it.
    Ignore,
    /// Drop it, and think less of who sent it.
    Reject,
}

impl Verdict {
    /// `accept`, `ignore` or `reject`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Ignore => "ignore",
            Self::Reject => "reject",
        }
    }
}

macro_rules! reasons {
    ($($variant:ident = $number:literal $name:literal $verdict:ident $sentence:literal;)*) => {
        /// Why a message was judged as it was: the first rule that objected.
        ///
        /// The numbers are frozen; C, Go and JavaScript use them too.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(i32)]
        #[non_exhaustive]
        pub enum Reason {
            $(#[doc = $sentence] $variant = $number,)*
        }

        impl Reason {
            /// Every reason, in the order in which the rules are applied.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The frozen number.
            pub const fn number(self) -> i32 {
                self as i32
            }

            /// The reason of a number, if it is in use.
            pub fn from_number(number: i32) -> Option<Self> {
                Self::ALL.iter().copied().find(|reason| reason.number() == number)
            }

            /// [`Reason::name`] as a C string.
            pub const fn c_name(self) -> &'static core::ffi::CStr {
                match self {
                    $(Self::$variant => match core::ffi::CStr::from_bytes_with_nul(
                        concat!($name, "\0").as_bytes(),
                    ) {
                        Ok(name) => name,
                        Err(_) => c"",
                    },)*
                }
            }

            /// [`Reason::message`] as a C string.
            pub const fn c_message(self) -> &'static core::ffi::CStr {
                match self {
                    $(Self::$variant => match core::ffi::CStr::from_bytes_with_nul(
                        concat!($sentence, "\0").as_bytes(),
                    ) {
                        Ok(message) => message,
                        Err(_) => c"",
                    },)*
                }
            }

            /// The name in `docs/gossip-rules.md`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What op-node does for this reason.
            pub const fn verdict(self) -> Verdict {
                match self { $(Self::$variant => Verdict::$verdict,)* }
            }

            /// One sentence.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }
        }
    };
}

reasons! {
    SnappyLengthInvalid = 301 "snappy_length_invalid" Reject "The compressed message does not start with a length.";
    MessageTooLarge = 302 "message_too_large" Reject "The message has more than 10 MiB.";
    MessageTooSmall = 303 "message_too_small" Reject "The message has less than a signature and one byte.";
    SnappyCorrupt = 304 "snappy_corrupt" Reject "The message does not decompress.";
    NoSigner = 305 "no_signer" Ignore "No signer is known.";
    SignatureNotRecoverable = 306 "signature_not_recoverable" Reject "The signature recovers no key.";
    SignatureWrongSigner = 307 "signature_wrong_signer" Reject "Another key made the signature.";
    SszEnvelopeTooShort = 308 "ssz_envelope_too_short" Reject "There is no room for the parent beacon block root.";
    SszTooShort = 309 "ssz_too_short" Reject "The payload is shorter than its fixed part.";
    SszExtraDataOffset = 310 "ssz_extra_data_offset" Reject "The extra data does not follow the fixed part.";
    SszTransactionsOffsetTooSmall = 311 "ssz_transactions_offset_too_small" Reject "The transactions start before the extra data.";
    SszWithdrawalsOffsetTooSmall = 312 "ssz_withdrawals_offset_too_small" Reject "The withdrawals start before the transactions.";
    SszWithdrawalsOffsetTooLarge = 313 "ssz_withdrawals_offset_too_large" Reject "The withdrawals start behind the end.";
    SszExtraDataTooLong = 314 "ssz_extra_data_too_long" Reject "The extra data has more than 32 bytes.";
    SszTransactionsTooShort = 315 "ssz_transactions_too_short" Reject "The transactions have no room for an offset.";
    SszFirstTransactionUnaligned = 316 "ssz_first_transaction_unaligned" Reject "The first transaction's offset is no multiple of 4.";
    SszFirstTransactionOutOfScope = 317 "ssz_first_transaction_out_of_scope" Reject "The first transaction starts behind the end.";
    SszFirstTransactionZero = 318 "ssz_first_transaction_zero" Reject "The first transaction starts at 0.";
    SszTooManyTransactions = 319 "ssz_too_many_transactions" Reject "There are more than 1048576 transactions.";
    SszTransactionOffset = 320 "ssz_transaction_offset" Reject "A transaction starts before the one before it, or behind the end.";
    SszWithdrawalsLength = 321 "ssz_withdrawals_length" Reject "The withdrawals' length is no multiple of 44.";
    SszTooManyWithdrawals = 322 "ssz_too_many_withdrawals" Reject "There are more than 16 withdrawals.";
    TimestampTooOld = 323 "timestamp_too_old" Reject "The block is too old.";
    TimestampTooNew = 324 "timestamp_too_new" Reject "The block is more than 5 seconds early.";
    BlockHashMismatch = 325 "block_hash_mismatch" Reject "The block hash is not that of the contents.";
    WithdrawalsNotEmpty = 326 "withdrawals_not_empty" Reject "There is a withdrawal.";
    BlobGasUsedNotZero = 327 "blob_gas_used_not_zero" Reject "Blob gas was used before Jovian.";
    ExcessBlobGasNotZero = 328 "excess_blob_gas_not_zero" Reject "There is excess blob gas.";
    TooManyBlocksAtHeight = 329 "too_many_blocks_at_height" Reject "Six blocks of this height were accepted before.";
    AlreadySeen = 330 "already_seen" Ignore "This block was accepted before.";
    Accepted = 331 "accepted" Accept "Every rule is satisfied.";
}

impl Reason {
    /// Whether the topic has this rule: earlier payloads lack the fields that some rules look at.
    pub const fn applies_to(self, topic: Topic) -> bool {
        match self {
            Self::SszEnvelopeTooShort | Self::BlobGasUsedNotZero | Self::ExcessBlobGasNotZero => {
                matches!(topic, Topic::V3 | Topic::V4)
            }
            Self::SszWithdrawalsOffsetTooSmall
            | Self::SszWithdrawalsOffsetTooLarge
            | Self::SszWithdrawalsLength
            | Self::SszTooManyWithdrawals
            | Self::WithdrawalsNotEmpty => !matches!(topic, Topic::V1),
            _ => true,
        }
    }
}

/// What the rules need to know besides the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GossipConfig {
    /// The topic that the message came on.
    pub topic: Topic,
    /// The chain.
    pub chain_id: ChainId,
    /// The signer that L1 names.
    pub signer: Option<Address>,
    /// The signer before it, while messages of both are good.
    pub previous_signer: Option<Address>,
    /// The timestamp from which Jovian is active, in seconds since 1970.
    pub jovian_time: Option<u64>,
    /// How many seconds old a block may be; op-node's default is 60.
    pub max_age: u64,
}

/// How many seconds early a block may be.
const MAX_EARLY: u64 = 5;

/// A verdict with its reason, and what was found on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement<'a> {
    /// The first rule that objected, or [`Reason::Accepted`].
    pub reason: Reason,
    /// Who signed, if the signature was sound.
    pub signer: Option<Address>,
    /// The block, if it was well formed.
    pub payload: Option<Payload<'a>>,
}

impl Judgement<'_> {
    /// What to do with the message.
    pub const fn verdict(&self) -> Verdict {
        self.reason.verdict()
    }
}

/// Judges a message as it came, compressed. `now` is in whole seconds since 1970, rounded down.
/// `room` is where it is decompressed to, [`super::decompressed_len`] bytes or more. `memory` is
/// asked and told only about blocks that satisfy every other rule. Needs no heap.
///
/// A signature by [`GossipConfig::signer`] ends the time of the previous one, whatever becomes of
/// the block: see [`Judgement::signer`].
pub fn validate<'a>(
    config: &GossipConfig,
    now: u64,
    message: &[u8],
    room: &'a mut [u8],
    memory: &mut GossipMemory,
) -> Judgement<'a> {
    match super::decompress(message, room) {
        Ok(data) => validate_data(config, now, data, memory),
        Err(reason) => Judgement { reason, signer: None, payload: None },
    }
}

/// [`validate`] for a message that was decompressed before.
pub fn validate_data<'a>(
    config: &GossipConfig,
    now: u64,
    data: &'a [u8],
    memory: &mut GossipMemory,
) -> Judgement<'a> {
    let mut judgement = Judgement { reason: Reason::Accepted, signer: None, payload: None };
    if let Err(reason) = check(config, now, data, memory, &mut judgement) {
        judgement.reason = reason;
    }
    judgement
}

fn check<'a>(
    config: &GossipConfig,
    now: u64,
    data: &'a [u8],
    memory: &mut GossipMemory,
    found: &mut Judgement<'a>,
) -> Result<(), Reason> {
    if data.len() > MAX_MESSAGE {
        return Err(Reason::MessageTooLarge);
    }
    if data.len() < MIN_DATA {
        return Err(Reason::MessageTooSmall);
    }
    let envelope = Envelope::parse(data).map_err(|_| Reason::MessageTooSmall)?;
    let current = config.signer.ok_or(Reason::NoSigner)?;
    let signer = memory.signer(current, &config.chain_id, &envelope);
    let signer = signer.map_err(|_| Reason::SignatureNotRecoverable)?;
    found.signer = Some(signer);
    if signer != current && Some(signer) != config.previous_signer {
        return Err(Reason::SignatureWrongSigner);
    }

    let payload = Payload::parse(config.topic, envelope.payload())?;
    found.payload = Some(payload);
    // As op-node has it, in arithmetic that wraps.
    if payload.timestamp() < now.wrapping_sub(config.max_age) {
        return Err(Reason::TimestampTooOld);
    }
    if payload.timestamp() > now.wrapping_add(MAX_EARLY) {
        return Err(Reason::TimestampTooNew);
    }
    if payload.computed_block_hash() != payload.block_hash() {
        return Err(Reason::BlockHashMismatch);
    }
    if payload.withdrawal_count() > 0 {
        return Err(Reason::WithdrawalsNotEmpty);
    }
    let jovian = config.jovian_time.is_some_and(|from| payload.timestamp() >= from);
    if payload.blob_gas_used().is_some_and(|used| used != 0) && !jovian {
        return Err(Reason::BlobGasUsedNotZero);
    }
    if payload.excess_blob_gas().is_some_and(|excess| excess != 0) {
        return Err(Reason::ExcessBlobGasNotZero);
    }
    memory.blocks.add(payload.block_number(), payload.block_hash())
}

/// Heights that are remembered.
const HEIGHTS: usize = 1000;

/// Blocks that a height takes.
const BLOCKS: usize = 6;

/// What a validator remembers from one message to the next, one for each topic: the blocks that it
/// accepted, of the thousand heights used last up to six each, and the current signer's key, whose
/// further signatures take a third of the time.
///
/// About 220 KB, with the feature `fast` on a 64-bit machine 480 KB: best put on a heap where there is
/// one.
pub struct GossipMemory {
    blocks: SeenBlocks,
    signer: AddressVerifier,
}

impl GossipMemory {
    /// Of nothing yet.
    pub const fn new() -> Self {
        Self {
            blocks: SeenBlocks::new(),
            signer: AddressVerifier::new(Address::from_bytes([0; 20])),
        }
    }

    /// As [`Envelope::recover_signer`], sooner if it is the current signer.
    fn signer(
        &mut self,
        current: Address,
        chain_id: &ChainId,
        envelope: &Envelope<'_>,
    ) -> Result<Address, Error> {
        self.signer.set_address(current);
        let (hash, signature) = envelope.signed(chain_id)?;
        match self.signer.verify(&hash, &signature) {
            Ok(()) => Ok(current),
            Err(Error::WrongSigner { recovered, .. }) => Ok(recovered),
            Err(error) => Err(error),
        }
    }
}

impl Default for GossipMemory {
    fn default() -> Self {
        Self::new()
    }
}

/// Blocks that were accepted.
struct SeenBlocks {
    heights: [Height; HEIGHTS],
    clock: u64,
}

#[derive(Clone, Copy, Debug)]
struct Height {
    number: u64,
    /// When it was used last; 0 for a place not taken.
    used: u64,
    hashes: [BlockHash; BLOCKS],
    count: u8,
}

impl SeenBlocks {
    const fn new() -> Self {
        let height = Height { number: 0, used: 0, hashes: [BlockHash([0; 32]); BLOCKS], count: 0 };
        Self { heights: [height; HEIGHTS], clock: 0 }
    }

    /// Asks for a block and adds it.
    fn add(&mut self, number: u64, hash: BlockHash) -> Result<(), Reason> {
        self.clock += 1;
        let at = self
            .heights
            .iter()
            .position(|height| height.used > 0 && height.number == number)
            .unwrap_or_else(|| self.forget_oldest(number));
        let height = &mut self.heights[at];
        height.used = self.clock;
        let count = usize::from(height.count);
        if count == BLOCKS {
            return Err(Reason::TooManyBlocksAtHeight);
        }
        if height.hashes[..count].contains(&hash) {
            return Err(Reason::AlreadySeen);
        }
        height.hashes[count] = hash;
        height.count += 1;
        Ok(())
    }

    /// Makes a place for a height: a free one, or that of the height unused for longest.
    fn forget_oldest(&mut self, number: u64) -> usize {
        let oldest = self.heights.iter().enumerate().min_by_key(|(_, height)| height.used);
        let at = oldest.map_or(0, |(at, _)| at);
        self.heights[at] = Height { number, count: 0, ..self.heights[at] };
        at
    }
}

#[cfg(test)]
mod tests {
    use std::boxed::Box;

    use super::*;
    use crate::key::SecretKey;
    use crate::payload::{PayloadHash, payload_signing_hash};
    use crate::sign::Signer;

    #[test]
    fn the_signer_is_whom_recovery_names_whoever_is_current() {
        let keys = [1, 2, 3].map(|byte| SecretKey::from_bytes(&[byte; 32]).unwrap());
        let chain_id = ChainId::from(10);
        let mut memory = Box::new(GossipMemory::new());
        let (mut named, mut refused) = (0, 0);
        for round in 0..600_usize {
            let mut data = [0; 65 + 40];
            data[65..].fill(round as u8);
            let hash = payload_signing_hash(&chain_id, &PayloadHash::of(&data[65..]));
            let signature = keys[round % 7 % 3].sign(&hash).unwrap();
            data[..65].copy_from_slice(signature.as_bytes());
            // Mostly sound, else another signature, or none.
            if round % 5 == 0 {
                data[round / 5 % 65] ^= 1 << (round % 8);
            }
            let envelope = Envelope::parse(&data).unwrap();
            // One for some time, so that it is learnt, then another.
            let current = keys[round / 40 % 3].address();
            let found = memory.signer(current, &chain_id, &envelope);
            let expected = envelope.recover_signer(&chain_id);
            assert_eq!(found, expected, "{round}");
            *(if found.is_ok() { &mut named } else { &mut refused }) += 1;
        }
        assert!(named > 500 && refused > 10, "{named} {refused}");
    }

    // From outside it takes a signed message for each of these blocks.
    #[test]
    fn the_height_unused_for_longest_is_forgotten_with_all_its_blocks() {
        let mut seen = Box::new(SeenBlocks::new());
        let block = |number: usize| BlockHash([number as u8; 32]);
        for height in 0..HEIGHTS as u64 {
            for number in 0..BLOCKS {
                assert_eq!(seen.add(height, block(number)), Ok(()));
            }
        }
        assert_eq!(seen.add(0, block(0)), Err(Reason::TooManyBlocksAtHeight));
        for number in 0..BLOCKS {
            assert_eq!(seen.add(HEIGHTS as u64, block(number)), Ok(()));
        }
        assert_eq!(seen.add(0, block(0)), Err(Reason::TooManyBlocksAtHeight), "used just now");
        assert_eq!(seen.add(1, block(0)), Ok(()), "forgotten");
        assert_eq!(seen.add(1, block(0)), Err(Reason::AlreadySeen));
    }
}
