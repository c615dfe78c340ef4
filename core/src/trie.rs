//! The root of the Merkle Patricia trie over an ordered list (Ethereum yellow paper, appendix D),
//! as headers carry it for transactions and withdrawals.
//!
//! Keys are `rlp(index)`, so their order is known without sorting: 1 to 127, then 0, then 128 on.
//! That lets the trie be walked from its root down with one frame per nibble and no heap.

use crate::keccak::{Keccak256, keccak256};
use crate::rlp::{self, Buffer, Length, Sink};
use crate::uint::U256;

/// Something that writes a node.
type Encode<'e> = &'e dyn Fn(&mut dyn Sink);

/// What a node says of its child: the child itself if its RLP has less than 32 bytes, else its
/// hash. `bytes` holds RLP either way.
#[derive(Clone, Copy)]
struct Reference {
    bytes: [u8; 33],
    length: u8,
}

impl Reference {
    const EMPTY: Self = {
        let mut bytes = [0; 33];
        bytes[0] = 0x80;
        Self { bytes, length: 1 }
    };

    /// The reference to the node that `encode` writes.
    fn to(encode: Encode<'_>) -> Self {
        let mut length = Length::default();
        encode(&mut length);
        let mut bytes = [0; 33];
        if length.0 < 32 {
            encode(&mut Buffer { bytes: &mut bytes, length: 0 });
            return Self { bytes, length: length.0 as u8 };
        }
        bytes[0] = 0x80 + 32;
        bytes[1..].copy_from_slice(&hash(encode));
        Self { bytes, length: 33 }
    }

    fn put(&self, out: &mut dyn Sink) {
        out.put(&self.bytes[..usize::from(self.length)]);
    }
}

fn hash(encode: Encode<'_>) -> [u8; 32] {
    let mut hasher = Keccak256::default();
    encode(&mut hasher);
    hasher.finish()
}

/// The nibbles of `rlp(index)`: at most five bytes for an index of 32 bits.
struct Key {
    nibbles: [u8; 10],
    length: usize,
}

impl Key {
    fn of(index: u32) -> Self {
        let mut bytes = [0; 5];
        let mut buffer = Buffer { bytes: &mut bytes, length: 0 };
        rlp::put_uint(&mut buffer, &U256::from(u64::from(index)));
        let length = 2 * buffer.length;
        let mut nibbles = [0; 10];
        for (pair, byte) in nibbles.chunks_exact_mut(2).zip(bytes) {
            pair[0] = byte >> 4;
            pair[1] = byte & 15;
        }
        Self { nibbles, length }
    }

    fn nibbles(&self) -> &[u8] {
        &self.nibbles[..self.length]
    }
}

/// The hex-prefix encoding of a path (appendix C), at most six bytes.
fn put_path(out: &mut dyn Sink, nibbles: &[u8], is_leaf: bool) {
    let mut bytes = [0; 6];
    let odd = nibbles.len() % 2;
    bytes[0] = (2 * u8::from(is_leaf) + odd as u8) << 4;
    if odd == 1 {
        bytes[0] |= nibbles[0];
    }
    for (byte, pair) in bytes[1..].iter_mut().zip(nibbles[odd..].chunks_exact(2)) {
        *byte = pair[0] << 4 | pair[1];
    }
    rlp::put_bytes(out, &bytes[..1 + nibbles.len() / 2]);
}

/// Hands the item of an index to a function.
pub(crate) type Get<'f> = &'f dyn Fn(u32, &mut dyn FnMut(&[u8]));

/// A list and how to get at it by index.
struct Items<'f> {
    count: u32,
    get: Get<'f>,
}

impl Items<'_> {
    /// The index of the key at a place in key order.
    fn index(&self, place: u32) -> u32 {
        let before_zero = (self.count - 1).min(127);
        match place.cmp(&before_zero) {
            core::cmp::Ordering::Less => place + 1,
            core::cmp::Ordering::Equal => 0,
            core::cmp::Ordering::Greater => place,
        }
    }

    fn key(&self, place: u32) -> Key {
        Key::of(self.index(place))
    }

    fn is_empty_at(&self, place: u32) -> bool {
        let mut empty = true;
        (self.get)(self.index(place), &mut |item| empty = item.is_empty());
        empty
    }

    /// `use_node` of what writes the node over the keys at places `from..to`, which all share
    /// their first `depth` nibbles; `None` if all their items are empty.
    fn node<T>(
        &self,
        mut from: u32,
        mut to: u32,
        depth: usize,
        use_node: fn(Encode<'_>) -> T,
    ) -> Option<T> {
        while from < to && self.is_empty_at(from) {
            from += 1;
        }
        while from < to && self.is_empty_at(to - 1) {
            to -= 1;
        }
        if from == to {
            return None;
        }
        let first = self.key(from);
        let rest = &first.nibbles()[depth..];
        if to - from == 1 {
            let mut result = None;
            (self.get)(self.index(from), &mut |value| {
                result = Some(use_node(&|out| {
                    rlp::put_list(out, &|out| {
                        put_path(out, rest, true);
                        rlp::put_bytes(out, value);
                    });
                }));
            });
            return result;
        }
        let last = self.key(to - 1);
        let shared = rest.iter().zip(&last.nibbles()[depth..]).take_while(|(a, b)| a == b).count();
        if shared > 0 {
            let child = self.node(from, to, depth + shared, Reference::to)?;
            return Some(use_node(&|out| {
                rlp::put_list(out, &|out| {
                    put_path(out, &rest[..shared], false);
                    child.put(out);
                });
            }));
        }
        let mut children = [Reference::EMPTY; 16];
        let mut start = from;
        while start < to {
            let nibble = self.key(start).nibbles()[depth];
            let end = self.first_beyond(start, to, depth, nibble);
            if let Some(child) = self.node(start, end, depth + 1, Reference::to) {
                children[usize::from(nibble)] = child;
            }
            start = end;
        }
        Some(use_node(&|out| {
            rlp::put_list(out, &|out| {
                for child in &children {
                    child.put(out);
                }
                // No key is the beginning of another, so no branch holds a value.
                Reference::EMPTY.put(out);
            });
        }))
    }

    /// The first place in `from..to` whose key has a greater nibble at `depth`.
    fn first_beyond(&self, from: u32, to: u32, depth: usize, nibble: u8) -> u32 {
        let (mut low, mut high) = (from, to);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.key(middle).nibbles()[depth] > nibble {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }
}

/// The root over `count` items. Empty ones are left out and the others keep their index, as
/// go-ethereum's `DeriveSha` does.
pub(crate) fn ordered_root(count: u32, get: Get<'_>) -> [u8; 32] {
    let root = if count == 0 { None } else { Items { count, get }.node(0, count, 0, hash) };
    root.unwrap_or_else(|| keccak256(&[&[0x80]]))
}
