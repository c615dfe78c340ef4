//! A claim's place in the order in which its key signs: the guard's slot, 64 bits.

use crate::message::Claim;

/// Bits of a GRANDPA round in a slot: 544 years of a round each second in one authority set.
const ROUND_BITS: u32 = 34;

/// Bits of an authority set's number: 510 years of a session each minute.
const SET_BITS: u32 = 28;

/// A set, round or block number that no chain reaches, and that has no place in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange;

impl std::fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the set id or round is higher than any chain's")
    }
}

impl std::error::Error for OutOfRange {}

/// The slot. None of a claim that has none: a statement, or what is not held against anybody.
///
/// A voter ends a round's steps in their order, and its rounds and sets in theirs
/// (finality-grandpa's voter), so an honest node never asks for a lower slot than before.
///
/// # Errors
/// [`OutOfRange`].
pub fn slot(claim: &Claim) -> Result<Option<u64>, OutOfRange> {
    let pack = |high: u64, bits: u32, low: u64| {
        let fits = high.leading_zeros() >= bits && low.leading_zeros() >= 64 - bits;
        if fits { Ok(Some(high << bits | low)) } else { Err(OutOfRange) }
    };
    match *claim {
        Claim::Block { slot } => Ok(Some(slot)),
        Claim::Vote { set_id, round, step } => {
            if round >> ROUND_BITS != 0 || set_id >> SET_BITS != 0 {
                return Err(OutOfRange);
            }
            pack(set_id, ROUND_BITS + 2, round << 2 | u64::from(step))
        }
        Claim::Commitment { set_id, block } => pack(set_id, 32, block.into()),
        Claim::Statement { .. }
        | Claim::Bitfield
        | Claim::PvfCheck
        | Claim::Ownership
        | Claim::Opaque => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept() {
        let vote = |set_id, round, step| slot(&Claim::Vote { set_id, round, step });
        let (last_set, last_round) = ((1 << SET_BITS) - 1, (1 << ROUND_BITS) - 1);
        let ordered = [
            vote(0, 1, 0),
            vote(0, 1, 1),
            vote(0, 1, 2),
            vote(0, 2, 0),
            vote(0, last_round, 2),
            vote(1, 0, 0),
            vote(1, 1, 1),
            vote(last_set, last_round, 2),
        ];
        for pair in ordered.windows(2) {
            assert!(pair[0].unwrap() < pair[1].unwrap(), "{pair:?}");
        }
        assert_eq!(vote(0, last_round + 1, 0), Err(OutOfRange));
        assert_eq!(vote(last_set + 1, 0, 0), Err(OutOfRange));
        let commitment = |set_id, block| slot(&Claim::Commitment { set_id, block });
        assert_eq!(commitment(1, 2), Ok(Some(1 << 32 | 2)));
        assert!(commitment(0, u32::MAX).unwrap() < commitment(1, 0).unwrap());
        assert_eq!(commitment(1 << 32, 0), Err(OutOfRange));
        assert_eq!(slot(&Claim::Block { slot: u64::MAX }), Ok(Some(u64::MAX)));
        assert_eq!(slot(&Claim::Bitfield), Ok(None));
    }
}
