//! The root of the Merkle Patricia trie over an ordered list (Ethereum yellow paper, appendix D),
//! as headers carry it for transactions and withdrawals.
//!
//! Keys are `rlp(index)`, so their order is known without sorting: 1 to 127, then 0, then 128 on.
//! That lets the trie be walked from its root down with one frame per nibble and no heap.

use crate::keccak::{Pieces, TOGETHER, keccak256, keccak256_many};
use crate::rlp::{self, Buffer, Sink};

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

    /// Makes this one to a node of whose RLP this is the hash; if it is short, the hash is not looked
    /// at.
    fn set(&mut self, node: &Node<'_>, hash: &[u8; 32]) {
        let [first, second] = node.rlp();
        let length = first.len() + second.len();
        if length < 32 {
            self.bytes[..first.len()].copy_from_slice(first);
            self.bytes[first.len()..length].copy_from_slice(second);
            self.length = length as u8;
        } else {
            self.bytes[0] = 0x80 + 32;
            self.bytes[1..].copy_from_slice(hash);
            self.length = 33;
        }
    }

    fn put(&self, out: &mut dyn Sink) {
        out.put(&self.bytes[..usize::from(self.length)]);
    }
}

/// The longest of branches and extensions: 16 hashes of 33 bytes, an empty value, and a header.
const LONGEST: usize = 3 + 16 * 33 + 1;

/// A node's RLP: what we have written, and behind it, if it is a leaf, its item.
#[derive(Clone, Copy)]
struct Node<'a> {
    bytes: [u8; LONGEST],
    length: usize,
    item: &'a [u8],
}

impl<'a> Node<'a> {
    const NONE: Self = Self { bytes: [0; LONGEST], length: 0, item: &[] };

    fn set_leaf(&mut self, key: Key, depth: usize, item: &'a [u8]) {
        // A path of 7 bytes at most, and a header of 5.
        let mut inside = [0; 12];
        let mut buffer = Buffer { bytes: &mut inside, length: 0 };
        key.put_path(&mut buffer, depth, key.length - depth, true);
        rlp::put_bytes_header(&mut buffer, item);
        let length = buffer.length;
        let mut buffer = Buffer { bytes: &mut self.bytes, length: 0 };
        rlp::put_list_header(&mut buffer, length + item.len());
        buffer.put(&inside[..length]);
        (self.length, self.item) = (buffer.length, item);
    }

    fn set_inner(&mut self, fields: &dyn Fn(&mut dyn Sink)) {
        let mut buffer = Buffer { bytes: &mut self.bytes, length: 0 };
        rlp::put_list(&mut buffer, fields);
        (self.length, self.item) = (buffer.length, &[]);
    }

    fn rlp(&self) -> Pieces<'_> {
        [&self.bytes[..self.length], self.item]
    }
}

/// The nibbles of `rlp(index)`: at most five bytes for an index of 32 bits.
#[derive(Clone, Copy)]
struct Key {
    /// The first in the highest bits.
    nibbles: u64,
    length: usize,
}

impl Key {
    fn of(index: u32) -> Self {
        let number = u64::from(index);
        match index {
            1..0x80 => Self { nibbles: number << 56, length: 2 },
            _ => {
                let bytes = 4 - u64::from(index.leading_zeros()) / 8;
                let nibbles = (0x80 + bytes) << 56 | number << (56 - 8 * bytes);
                Self { nibbles, length: 2 + 2 * bytes as usize }
            }
        }
    }

    fn nibble(self, at: usize) -> u8 {
        (self.nibbles >> (60 - 4 * at)) as u8 & 15
    }

    /// How many nibbles from `depth` on are those of a key that is not the same.
    fn shared(self, other: Self, depth: usize) -> usize {
        ((self.nibbles ^ other.nibbles) << (4 * depth)).leading_zeros() as usize / 4
    }

    /// The hex-prefix encoding (appendix C) of `count` nibbles from `depth` on: at most six bytes.
    fn put_path(self, out: &mut dyn Sink, depth: usize, count: usize, is_leaf: bool) {
        let nibbles = (self.nibbles << (4 * depth)) & !(u64::MAX >> (4 * count));
        let odd = count % 2;
        let flags = (2 * u64::from(is_leaf) + odd as u64) << 60;
        let path = flags | nibbles >> if odd == 1 { 4 } else { 8 };
        rlp::put_bytes(out, &path.to_be_bytes()[..1 + count / 2]);
    }
}

/// The item of an index.
pub(crate) type Get<'f, 'a> = &'f dyn Fn(u32) -> &'a [u8];

/// A list and how to get at it by index.
struct Items<'f, 'a> {
    count: u32,
    get: Get<'f, 'a>,
}

impl<'a> Items<'_, 'a> {
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

    fn item(&self, place: u32) -> &'a [u8] {
        (self.get)(self.index(place))
    }

    /// Writes the node over the keys at places `from..to`, which all share their first `depth`
    /// nibbles; there is none if all their items are empty.
    fn node(&self, mut from: u32, mut to: u32, depth: usize, node: &mut Node<'a>) -> bool {
        if to - from == 1 {
            let item = self.item(from);
            node.set_leaf(self.key(from), depth, item);
            return !item.is_empty();
        }
        while from < to && self.item(from).is_empty() {
            from += 1;
        }
        while from < to && self.item(to - 1).is_empty() {
            to -= 1;
        }
        match to - from {
            0 => return false,
            1 => return self.node(from, to, depth, node),
            _ => {}
        }
        let first = self.key(from);
        let shared = first.shared(self.key(to - 1), depth);
        if shared > 0 {
            self.node(from, to, depth + shared, node);
            let mut child = Reference::EMPTY;
            child.set(node, &keccak256(&node.rlp()));
            node.set_inner(&|out| {
                first.put_path(out, depth, shared, false);
                child.put(out);
            });
            return true;
        }
        let children = self.children(from, to, depth);
        node.set_inner(&|out| {
            for child in &children {
                child.put(out);
            }
            // No key is the beginning of another, so no branch holds a value.
            Reference::EMPTY.put(out);
        });
        true
    }

    /// What a branch at `depth` over the keys at places `from..to` says of its children, which are
    /// hashed side by side.
    fn children(&self, from: u32, to: u32, depth: usize) -> [Reference; 16] {
        let mut children = [Reference::EMPTY; 16];
        let (mut nodes, mut places, mut count) = ([Node::NONE; TOGETHER], [0; TOGETHER], 0);
        let mut start = from;
        while start < to {
            let nibble = self.key(start).nibble(depth);
            let end = self.first_beyond(start, to, depth, nibble);
            if self.node(start, end, depth + 1, &mut nodes[count]) {
                places[count] = usize::from(nibble);
                count += 1;
            }
            start = end;
            if count == TOGETHER || start == to {
                let (mut messages, mut hashes) = ([[&[][..]; 2]; TOGETHER], [[0; 32]; TOGETHER]);
                for (message, node) in messages.iter_mut().zip(&nodes) {
                    *message = node.rlp();
                }
                keccak256_many(&messages[..count], &mut hashes);
                for (at, place) in places[..count].iter().enumerate() {
                    children[*place].set(&nodes[at], &hashes[at]);
                }
                count = 0;
            }
        }
        children
    }

    /// The first place in `from..to` whose key has a greater nibble at `depth` than that at `from`.
    fn first_beyond(&self, from: u32, to: u32, depth: usize, nibble: u8) -> u32 {
        let beyond = |place| self.key(place).nibble(depth) > nibble;
        // Mostly it is the next.
        let (mut low, mut high) = (from + 1, to);
        if low < high && beyond(low) {
            return low;
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if beyond(middle) {
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
pub(crate) fn ordered_root(count: u32, get: Get<'_, '_>) -> [u8; 32] {
    let mut root = Node::NONE;
    match count > 0 && (Items { count, get }).node(0, count, 0, &mut root) {
        true => keccak256(&root.rlp()),
        false => keccak256(&[&[0x80]]),
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    /// RLP of bytes, or with 0xc0 of a list.
    fn encode(short: u8, payload: &[u8]) -> Vec<u8> {
        if short == 0x80 && payload.len() == 1 && payload[0] < 0x80 {
            return payload.to_vec();
        }
        let mut out = match payload.len() {
            length @ ..56 => std::vec![short + length as u8],
            length => {
                let digits = length.to_be_bytes();
                let digits = &digits[length.leading_zeros() as usize / 8..];
                [&[short + 55 + digits.len() as u8], digits].concat()
            }
        };
        out.extend(payload);
        out
    }

    fn hex_prefix(nibbles: &[u8], flag: u8) -> Vec<u8> {
        let mut all = match nibbles.len() % 2 {
            0 => std::vec![flag, 0],
            _ => std::vec![flag + 1],
        };
        all.extend(nibbles);
        all.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect()
    }

    fn reference(node: Vec<u8>) -> Vec<u8> {
        if node.len() < 32 { node } else { encode(0x80, &keccak256(&[&node])) }
    }

    /// A node as appendix D has it, over keys and items with the same first nibbles.
    fn node(pairs: &[(Vec<u8>, Vec<u8>)], depth: usize) -> Vec<u8> {
        if let [(key, item)] = pairs {
            let path = encode(0x80, &hex_prefix(&key[depth..], 2));
            return encode(0xc0, &[path, encode(0x80, item)].concat());
        }
        let first = &pairs[0].0[depth..];
        let alike = |at: usize| pairs.iter().all(|(key, _)| key[depth + at] == first[at]);
        let shared = (0..first.len()).take_while(|at| alike(*at)).count();
        if shared > 0 {
            let path = encode(0x80, &hex_prefix(&first[..shared], 0));
            return encode(0xc0, &[path, reference(node(pairs, depth + shared))].concat());
        }
        let mut fields = Vec::new();
        for nibble in 0..16 {
            let group: Vec<_> =
                pairs.iter().filter(|(key, _)| key[depth] == nibble).cloned().collect();
            fields.extend(match group.len() {
                0 => std::vec![0x80],
                _ => reference(node(&group, depth + 1)),
            });
        }
        fields.push(0x80);
        encode(0xc0, &fields)
    }

    #[test]
    fn equal_to_the_definition() {
        let bytes: Vec<u8> = (0..1_000_usize).map(|at| (at * at + 3 * at) as u8).collect();
        let mut full = 0;
        for count in (0..=40).chain([127, 128, 129, 144, 255, 256, 257, 272, 300, 600]) {
            for longest in [1, 5, 40, 300] {
                let item = |index: u32| {
                    let index = index as usize;
                    &bytes[index..index + (index * 37 + 11) % longest]
                };
                let pairs: Vec<_> = (0..count)
                    .filter(|index| !item(*index).is_empty())
                    .map(|index| {
                        let digits = index.to_be_bytes();
                        let digits = &digits[index.leading_zeros() as usize / 8..];
                        let key = encode(0x80, digits);
                        let nibbles = key.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect();
                        (nibbles, item(index).to_vec())
                    })
                    .collect();
                let expected = match pairs.len() {
                    0 => std::vec![0x80],
                    _ => node(&pairs, 0),
                };
                assert_eq!(
                    ordered_root(count, &item),
                    keccak256(&[&expected]),
                    "{count} {longest}"
                );
                full += usize::from(longest == 300 && count > 31);
            }
        }
        assert_eq!(full, 19, "of lists with a branch that has all its children");
    }
}
