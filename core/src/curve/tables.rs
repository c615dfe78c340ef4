//! The tables of the generator, in `tables.bin`: for each place of each row the limbs of x and y,
//! least significant first, each limb little-endian. `make tables` writes the file; a test compares
//! it with what `comb.rs` makes. Making them in constants would take the compiler half a minute.

use super::comb::Comb;

const BYTES: &[u8] = include_bytes!("tables.bin");

/// Windows of 6 bits, 88 KB: for secret scalars, whose rows are read whole.
pub(super) static GENERATOR: Comb<43, 32> = Comb::from_bytes(BYTES.split_at(SECRET_LENGTH).0);

/// Windows of 8 bits, 262 KB: for public scalars, which read one place a row.
pub(super) static GENERATOR_PUBLIC: Comb<32, 128> =
    Comb::from_bytes(BYTES.split_at(SECRET_LENGTH).1);

const SECRET_LENGTH: usize = size_of::<Comb<43, 32>>();

#[cfg(test)]
mod tests {
    use super::super::point::Affine;
    use super::*;
    use std::boxed::Box;
    use std::vec::Vec;

    fn made() -> Vec<u8> {
        let secret = Box::new(Comb::<43, 32>::new(&Affine::GENERATOR));
        let public = Box::new(Comb::<32, 128>::new(&Affine::GENERATOR));
        [secret.to_bytes(), public.to_bytes()].concat()
    }

    #[test]
    fn the_file_holds_what_is_made() {
        assert_eq!(BYTES.len(), 350_208);
        assert!(BYTES == made());
        assert!([GENERATOR.to_bytes(), GENERATOR_PUBLIC.to_bytes()].concat() == BYTES);
    }

    #[test]
    #[ignore = "writes the file: make tables"]
    fn write() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/curve/tables.bin");
        std::fs::write(path, made()).unwrap();
    }
}
