//! Keccak-f[1600] (FIPS 202, section 3), and adding blocks to the state that it works on.
//!
//! Plain, a round at a time is quickest; with rotations into other registers (BMI2) four in a row are,
//! as lanes go back to their places less often. All 24 are quicker by a tenth on Intel's processors but
//! slower by a third on AMD's, where so much code does not stay decoded.

/// Lane (x, y) is at `[y][x]`.
pub(super) type State = [[u64; 5]; 5];

/// Bytes in a block: 1,600 bits less twice those of a hash.
pub(super) const RATE: usize = 136;

/// Permutes the state, and again with each block that is added to it.
pub(super) fn permute(state: &mut State, blocks: &[[u8; RATE]]) {
    let work = Permute { state, blocks };
    #[cfg(feature = "dispatch")]
    opsign_cpu::run(work);
    #[cfg(not(feature = "dispatch"))]
    work.plain();
}

struct Permute<'a> {
    state: &'a mut State,
    blocks: &'a [[u8; RATE]],
}

impl Permute<'_> {
    fn plain(self) {
        let mut blocks = self.blocks.iter();
        loop {
            for constant in ROUND_CONSTANTS {
                *self.state = round(self.state, constant);
            }
            let Some(block) = blocks.next() else { return };
            add(self.state, block);
        }
    }

    #[cfg(any(test, feature = "dispatch"))]
    #[inline(always)]
    fn with_bmi(self) {
        let mut blocks = self.blocks.iter();
        loop {
            for [a, b, c, d] in ROUND_CONSTANTS.as_chunks().0 {
                let state = round(&round(self.state, *a), *b);
                *self.state = round(&round(&state, *c), *d);
            }
            let Some(block) = blocks.next() else { return };
            add(self.state, block);
        }
    }
}

#[cfg(feature = "dispatch")]
impl opsign_cpu::Work for Permute<'_> {
    fn plain(self) {
        Self::plain(self);
    }

    #[inline(always)]
    fn with_bmi(self) {
        Self::with_bmi(self);
    }
}

/// Adds a block to the state.
#[inline(always)]
pub(super) fn add(state: &mut State, block: &[u8; RATE]) {
    let (lanes, _) = block.as_chunks();
    for (lane, bytes) in state.as_flattened_mut().iter_mut().zip(lanes) {
        *lane ^= u64::from_le_bytes(*bytes);
    }
}

/// theta, rho, pi, chi and iota (sections 3.2.1 to 3.2.5).
#[inline(always)]
fn round(a: &State, constant: u64) -> State {
    let column = |x: usize| a[0][x] ^ a[1][x] ^ a[2][x] ^ a[3][x] ^ a[4][x];
    let c = [column(0), column(1), column(2), column(3), column(4)];
    let theta = |x: usize| c[(x + 4) % 5] ^ c[(x + 1) % 5].rotate_left(1);
    let d = [theta(0), theta(1), theta(2), theta(3), theta(4)];
    // pi moves to (x, y) what theta and rho made of (x + 3 y, x).
    let moved = |x: usize, y: usize| {
        let from = (x + 3 * y) % 5;
        (a[x][from] ^ d[from]).rotate_left(ROTATIONS[x][from])
    };
    let row = |y: usize| {
        let b = [moved(0, y), moved(1, y), moved(2, y), moved(3, y), moved(4, y)];
        let chi = |x: usize| b[x] ^ (!b[(x + 1) % 5] & b[(x + 2) % 5]);
        [chi(0), chi(1), chi(2), chi(3), chi(4)]
    };
    let mut e = [row(0), row(1), row(2), row(3), row(4)];
    e[0][0] ^= constant;
    e
}

/// Section 3.2.2.
const ROTATIONS: [[u32; 5]; 5] = [
    [0, 1, 62, 28, 27],
    [36, 44, 6, 55, 20],
    [3, 10, 43, 25, 39],
    [41, 45, 15, 21, 8],
    [18, 2, 61, 56, 14],
];

/// Section 3.2.5.
pub(super) const ROUND_CONSTANTS: [u64; 24] = [
    0x0000_0000_0000_0001,
    0x0000_0000_0000_8082,
    0x8000_0000_0000_808a,
    0x8000_0000_8000_8000,
    0x0000_0000_0000_808b,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8009,
    0x0000_0000_0000_008a,
    0x0000_0000_0000_0088,
    0x0000_0000_8000_8009,
    0x0000_0000_8000_000a,
    0x0000_0000_8000_808b,
    0x8000_0000_0000_008b,
    0x8000_0000_0000_8089,
    0x8000_0000_0000_8003,
    0x8000_0000_0000_8002,
    0x8000_0000_0000_0080,
    0x0000_0000_0000_800a,
    0x8000_0000_8000_000a,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8080,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8008,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Both shapes, whichever this processor runs. What they give is checked in `sponge.rs`.
    #[test]
    fn shapes_agree() {
        let mut state = [[0; 5]; 5];
        for round in 0..200_u8 {
            let blocks = [[round; RATE], [!round; RATE]];
            let mut other = state;
            Permute { state: &mut state, blocks: &blocks }.plain();
            Permute { state: &mut other, blocks: &blocks }.with_bmi();
            assert_eq!(state, other);
        }
    }
}
