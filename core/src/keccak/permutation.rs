//! Keccak-f[1600] (FIPS 202, section 3), and adding blocks to the state that it works on.

/// Lane (x, y) is at `[y][x]`.
pub(super) type State = [[u64; 5]; 5];

/// Bytes in a block: 1,600 bits less twice those of a hash.
pub(super) const RATE: usize = 136;

/// Permutes the state, and again with each block that is added to it.
pub(super) fn permute(state: &mut State, blocks: &[[u8; RATE]]) {
    run(Permute { state, blocks });
}

/// Permutes the state, of which only the first row, with the hash in it, is right.
pub(super) fn permute_to_hash(state: &mut State) {
    if cfg!(target_arch = "wasm32") {
        // There size counts.
        permute(state, &[]);
    } else {
        run(PermuteToHash(state));
    }
}

#[cfg(feature = "dispatch")]
use opsign_cpu::{Work, run};

#[cfg(not(feature = "dispatch"))]
trait Work {
    fn run(self);
}

#[cfg(not(feature = "dispatch"))]
fn run(work: impl Work) {
    work.run();
}

struct Permute<'a> {
    state: &'a mut State,
    blocks: &'a [[u8; RATE]],
}

impl Work for Permute<'_> {
    #[inline(always)]
    fn run(self) {
        let mut blocks = self.blocks.iter();
        loop {
            rounds(self.state);
            let Some(block) = blocks.next() else { return };
            add(self.state, block);
        }
    }
}

struct PermuteToHash<'a>(&'a mut State);

impl Work for PermuteToHash<'_> {
    #[inline(always)]
    fn run(self) {
        let Self(state) = self;
        let [fours @ .., last] = &FOURS;
        let parities = in_fours(state, fours);
        let (three, of_three) = three(state, &parities, last);
        state[0] = row(&three, &thetas(&of_three), 0);
        state[0][0] ^= last[3];
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

/// All 24.
#[inline(always)]
fn rounds(state: &mut State) {
    if cfg!(target_arch = "wasm32") {
        // There size counts, and V8 takes 1.14 times as long where parities stay for the next round.
        for constant in ROUND_CONSTANTS {
            *state = round(state, &parities(state), constant).0;
        }
    } else {
        in_fours(state, &FOURS);
    }
}

/// Rounds, four in a row: so lanes go back to their places less often. With none going back it is quicker
/// by a tenth on Intel's processors but slower by a third on AMD's, where so much code does not stay
/// decoded. Gives the parities of the state's columns.
#[inline(always)]
fn in_fours(state: &mut State, fours: &[[u64; 4]]) -> [u64; 5] {
    let mut parities = parities(state);
    for four in fours {
        let (three, of_three) = three(state, &parities, four);
        (*state, parities) = round(&three, &of_three, four[3]);
    }
    parities
}

/// The first three of four in a row.
#[inline(always)]
fn three(a: &State, c: &[u64; 5], four: &[u64; 4]) -> (State, [u64; 5]) {
    let (a, c) = round(a, c, four[0]);
    let (a, c) = round(&a, &c, four[1]);
    round(&a, &c, four[2])
}

/// The parity of each column.
#[inline(always)]
fn parities([a, b, c, d, e]: &State) -> [u64; 5] {
    xor(&xor(&xor(&xor(a, b), c), d), e)
}

// Written out here and below: a compiler that counts bytes keeps loops, and then a round takes six times
// as long.
#[inline(always)]
fn xor(a: &[u64; 5], b: &[u64; 5]) -> [u64; 5] {
    [a[0] ^ b[0], a[1] ^ b[1], a[2] ^ b[2], a[3] ^ b[3], a[4] ^ b[4]]
}

/// theta, rho, pi, chi and iota (sections 3.2.1 to 3.2.5). Takes the parities of the state's columns
/// and gives those of the next state's, which are cheapest while its rows are at hand.
#[inline(always)]
fn round(a: &State, c: &[u64; 5], constant: u64) -> (State, [u64; 5]) {
    let d = thetas(c);
    let mut e0 = row(a, &d, 0);
    e0[0] ^= constant;
    let e1 = row(a, &d, 1);
    let parities = xor(&e0, &e1);
    let e2 = row(a, &d, 2);
    let parities = xor(&parities, &e2);
    let e3 = row(a, &d, 3);
    let parities = xor(&parities, &e3);
    let e4 = row(a, &d, 4);
    let parities = xor(&parities, &e4);
    ([e0, e1, e2, e3, e4], parities)
}

/// What theta adds to the lanes of each column.
#[inline(always)]
fn thetas(c: &[u64; 5]) -> [u64; 5] {
    let theta = |x: usize| c[(x + 4) % 5] ^ c[(x + 1) % 5].rotate_left(1);
    [theta(0), theta(1), theta(2), theta(3), theta(4)]
}

/// A row of the next state, but for iota.
#[inline(always)]
fn row(a: &State, d: &[u64; 5], y: usize) -> [u64; 5] {
    // pi moves to (x, y) what theta and rho made of (x + 3 y, x).
    let moved = |x: usize| {
        let from = (x + 3 * y) % 5;
        (a[x][from] ^ d[from]).rotate_left(ROTATIONS[x][from])
    };
    let b = [moved(0), moved(1), moved(2), moved(3), moved(4)];
    let chi = |x: usize| b[x] ^ (!b[(x + 1) % 5] & b[(x + 2) % 5]);
    [chi(0), chi(1), chi(2), chi(3), chi(4)]
}

/// Section 3.2.2.
const ROTATIONS: [[u32; 5]; 5] = [
    [0, 1, 62, 28, 27],
    [36, 44, 6, 55, 20],
    [3, 10, 43, 25, 39],
    [41, 45, 15, 21, 8],
    [18, 2, 61, 56, 14],
];

const FOURS: [[u64; 4]; 6] = {
    let (fours, []) = ROUND_CONSTANTS.as_chunks() else { unreachable!() };
    let Some(fours) = fours.first_chunk() else { unreachable!() };
    *fours
};

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
