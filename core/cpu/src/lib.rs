//! Runs safe code compiled a second time, for x86-64 processors with BMI1 and BMI2, where there are
//! such; Haswell and Excavator were the first. All the unsafe code below `opsign-core`: it is here so
//! that core can forbid it.
#![no_std]

#[cfg(target_arch = "x86_64")]
cpufeatures::new!(bmi, "bmi1", "bmi2");

/// The same work in two shapes, each best for what it is compiled for.
///
/// What `with_bmi` calls has to be inlined into it, and itself, or the compiler makes plain code of it:
/// mark all of it `#[inline(always)]`.
pub trait Work {
    /// For every processor.
    fn plain(self);

    /// For those with BMI1 and BMI2: rotations into another register, and-not in one instruction.
    fn with_bmi(self);
}

/// Does the work in the shape that the processor is good at.
#[inline]
pub fn run(work: impl Work) {
    #[cfg(target_arch = "x86_64")]
    if bmi::get() {
        // SAFETY: `compiled_with_bmi` is safe but for what it is compiled for, BMI1 and BMI2. The
        // processor has just been asked for both (CPUID, leaf 7); they need nothing of the system,
        // as they use general registers alone.
        return unsafe { compiled_with_bmi(work) };
    }
    work.plain();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "bmi1,bmi2")]
fn compiled_with_bmi(work: impl Work) {
    work.with_bmi();
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    struct Note<'a>(&'a mut Option<bool>);

    impl Work for Note<'_> {
        fn plain(self) {
            *self.0 = Some(false);
        }

        fn with_bmi(self) {
            *self.0 = Some(true);
        }
    }

    #[test]
    fn the_processor_decides() {
        #[cfg(target_arch = "x86_64")]
        let bmi = std::is_x86_feature_detected!("bmi1") && std::is_x86_feature_detected!("bmi2");
        #[cfg(not(target_arch = "x86_64"))]
        let bmi = false;
        let mut ran = None;
        run(Note(&mut ran));
        assert_eq!(ran, Some(bmi));
    }
}
