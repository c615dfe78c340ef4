//! Runs safe code that is compiled for x86-64 processors with more than every one has, where there
//! are such: the same code a second time for BMI1 and BMI2 (Haswell and Excavator were the first),
//! Keccak on eight states at once for AVX2 and AVX-512, and reading a table at a secret place for
//! AVX2. All the unsafe code below `opsign-core`: it is here so that core can forbid it.
#![no_std]

#[cfg(target_arch = "x86_64")]
mod keccak;
#[cfg(target_arch = "x86_64")]
mod table;

#[cfg(target_arch = "x86_64")]
cpufeatures::new!(bmi, "bmi1", "bmi2");
#[cfg(target_arch = "x86_64")]
cpufeatures::new!(avx2, "avx2");
#[cfg(target_arch = "x86_64")]
cpufeatures::new!(avx512, "avx512f");

/// Eight states of Keccak-f\[1600\]: lane (x, y) of each is at `[5 * y + x]`.
#[cfg(target_arch = "x86_64")]
pub type EightStates = [[u64; 8]; 25];

/// A block of Keccak-256 for each of eight states, lane by lane (FIPS 202, section 4, with a rate of 1,088
/// bits).
#[cfg(target_arch = "x86_64")]
pub type EightBlocks = [[u64; 8]; 17];

/// What a round of Keccak-f\[1600\] adds to lane (0, 0) (FIPS 202, section 3.2.5).
#[cfg(target_arch = "x86_64")]
pub type RoundConstants = [u64; 24];

/// Work that is quicker where it is compiled for more.
pub trait Work {
    /// What it calls has to be inlined into it, and itself, or the compiler makes plain code of it: mark
    /// all of it `#[inline(always)]`.
    fn run(self);
}

/// Does the work, on processors with BMI1 and BMI2 as it is compiled for them: rotations into another
/// register, and-not in one instruction.
#[inline]
pub fn run(work: impl Work) {
    dispatch(work);
}

/// As [`run`]; says whether it was compiled for BMI.
#[inline]
fn dispatch(work: impl Work) -> bool {
    #[cfg(target_arch = "x86_64")]
    if bmi::get() {
        // SAFETY: `compiled_with_bmi` is safe but for what it is compiled for, BMI1 and BMI2. The
        // processor has just been asked for both (CPUID, leaf 7); they need nothing of the system,
        // as they use general registers alone.
        unsafe { compiled_with_bmi(work) };
        return true;
    }
    work.run();
    false
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "bmi1,bmi2")]
fn compiled_with_bmi(work: impl Work) {
    work.run();
}

/// Keccak-f\[1600\] (FIPS 202, section 3) on eight states at once, by a processor that has vectors
/// for it.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
pub struct KeccakEight(Vectors);

#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
enum Vectors {
    Avx512,
    Avx2,
}

#[cfg(target_arch = "x86_64")]
impl KeccakEight {
    /// `None` without AVX2.
    #[inline]
    pub fn new() -> Option<Self> {
        match (avx512::get(), avx2::get()) {
            (true, _) => Some(Self(Vectors::Avx512)),
            (false, true) => Some(Self(Vectors::Avx2)),
            (false, false) => None,
        }
    }

    /// How many states at least make it quicker than one after the other.
    #[inline]
    pub fn worth(self) -> usize {
        match self.0 {
            Vectors::Avx512 => 2,
            Vectors::Avx2 => 5,
        }
    }

    /// Absorbs a block into each state (FIPS 202, section 4): adds it and permutes. Where `keep` has 0
    /// instead of all bits the state is zeroes first: there a message begins.
    #[inline]
    pub fn absorb(
        self,
        states: &mut EightStates,
        keep: &[u64; 8],
        blocks: &EightBlocks,
        constants: &RoundConstants,
    ) {
        match self.0 {
            // SAFETY: `absorb` is safe but for what it is compiled for, AVX-512F. Only `new` makes
            // this, after asking the processor for it (CPUID, leaf 7), and the system whether it keeps
            // those registers (XGETBV).
            Vectors::Avx512 => unsafe { keccak::avx512::absorb(states, keep, blocks, constants) },
            // SAFETY: likewise, with AVX2.
            Vectors::Avx2 => unsafe { keccak::avx2::absorb(states, keep, blocks, constants) },
        }
    }
}

/// The entry at a secret place of a row, which is given in fours, in constant time; all zeroes for a
/// place behind the last. `None` without AVX2, whatever the place.
#[cfg(target_arch = "x86_64")]
#[inline]
pub fn table_entry(row: &[[[u64; 8]; 4]], place: u64) -> Option<[u64; 8]> {
    // SAFETY: `entry` is safe but for what it is compiled for, AVX2, of which processor and system
    // have just been asked.
    avx2::get().then(|| unsafe { table::entry(row, place) })
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    struct Count<'a>(&'a mut u32);

    impl Work for Count<'_> {
        fn run(self) {
            *self.0 += 1;
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn entries() {
        let rows: std::vec::Vec<[u64; 8]> =
            (0..64_u64).map(|row| [0, 1, 2, 3, 4, 5, 6, 7].map(|limb| !(row * 8 + limb))).collect();
        for length in [4, 8, 32, 64] {
            for place in (0..70).chain([1 << 32, 1 << 63, u64::MAX]) {
                let found = table_entry(rows[..length].as_chunks().0, place);
                let expected = rows[..length].get(place as usize).copied().unwrap_or_default();
                let has_avx2 = std::is_x86_feature_detected!("avx2");
                assert_eq!(found, has_avx2.then_some(expected), "{place} of {length}");
            }
        }
    }

    #[test]
    fn the_processor_decides() {
        #[cfg(target_arch = "x86_64")]
        let bmi = std::is_x86_feature_detected!("bmi1") && std::is_x86_feature_detected!("bmi2");
        #[cfg(not(target_arch = "x86_64"))]
        let bmi = false;
        let mut ran = 0;
        assert_eq!(dispatch(Count(&mut ran)), bmi);
        run(Count(&mut ran));
        assert_eq!(ran, 2);
    }
}
