//! The root of the Merkle Patricia trie over an ordered list (Ethereum yellow paper, appendix D),
//! as headers carry it for transactions and withdrawals.
//!
//! Keys are `rlp(index)`, so their order is known without sorting: 1 to 127, then 0, then 128 on.
//! That lets the trie be walked from its root down with one frame per nibble and no heap.

use crate::keccak::{Pieces, SIDE_BY_SIDE, keccak256, keccak256_many};
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

    /// To a node of whose RLP this is the hash; if it is short, the hash is not looked at.
    fn to(node: &Node<'_>, hash: &[u8; 32]) -> Self {
        let (mut bytes, [first, second]) = ([0; 33], node.rlp());
        let length = first.len() + second.len();
        if length < 32 {
            bytes[..first.len()].copy_from_slice(first);
            bytes[first.len()..length].copy_from_slice(second);
            return Self { bytes, length: length as u8 };
        }
        bytes[0] = 0x80 + 32;
        bytes[1..].copy_from_slice(hash);
        Self { bytes, length: 33 }
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

    fn set_leaf(&mut self, path: &[u8], item: &'a [u8]) {
        // A path of 7 bytes at most, and a header of 5.
        let mut inside = [0; 12];
        let mut buffer = Buffer { bytes: &mut inside, length: 0 };
        put_path(&mut buffer, path, true);
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
struct Key {
    nibbles: [u8; 10],
    length: usize,
}

impl Key {
    fn of(index: u32) -> Self {
        let significant = 4 - index.leading_zeros() as usize / 8;
        let [_, _, _, _, a, b, c, d] =
            (u64::from(index) << (32 - 8 * significant as u32)).to_be_bytes();
        let (bytes, length) = match index {
            0 => ([0x80, 0, 0, 0, 0], 1),
            1..0x80 => ([a, 0, 0, 0, 0], 1),
            _ => ([0x80 + significant as u8, a, b, c, d], 1 + significant),
        };
        let mut nibbles = [0; 10];
        for (pair, byte) in nibbles.as_chunks_mut().0.iter_mut().zip(bytes) {
            *pair = [byte >> 4, byte & 15];
        }
        Self { nibbles, length: 2 * length }
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
        while from < to && self.item(from).is_empty() {
            from += 1;
        }
        while from < to && self.item(to - 1).is_empty() {
            to -= 1;
        }
        if from == to {
            return false;
        }
        let first = self.key(from);
        let rest = &first.nibbles()[depth..];
        if to - from == 1 {
            node.set_leaf(rest, self.item(from));
            return true;
        }
        let last = self.key(to - 1);
        let shared = rest.iter().zip(&last.nibbles()[depth..]).take_while(|(a, b)| a == b).count();
        if shared > 0 {
            self.node(from, to, depth + shared, node);
            let child = Reference::to(node, &keccak256(&node.rlp()));
            node.set_inner(&|out| {
                put_path(out, &rest[..shared], false);
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
        let (mut nodes, mut places, mut count) = ([Node::NONE; SIDE_BY_SIDE], [0; SIDE_BY_SIDE], 0);
        let mut start = from;
        while start < to {
            let nibble = self.key(start).nibbles()[depth];
            let end = self.first_beyond(start, to, depth, nibble);
            if self.node(start, end, depth + 1, &mut nodes[count]) {
                places[count] = usize::from(nibble);
                count += 1;
            }
            start = end;
            if count == SIDE_BY_SIDE || start == to {
                let (mut messages, mut hashes) =
                    ([[&[][..]; 2]; SIDE_BY_SIDE], [[0; 32]; SIDE_BY_SIDE]);
                for (message, node) in messages.iter_mut().zip(&nodes) {
                    *message = node.rlp();
                }
                keccak256_many(&messages[..count], &mut hashes);
                for (at, place) in places[..count].iter().enumerate() {
                    children[*place] = Reference::to(&nodes[at], &hashes[at]);
                }
                count = 0;
            }
        }
        children
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
pub(crate) fn ordered_root(count: u32, get: Get<'_, '_>) -> [u8; 32] {
    let mut root = Node::NONE;
    match count > 0 && (Items { count, get }).node(0, count, 0, &mut root) {
        true => keccak256(&root.rlp()),
        false => keccak256(&[&[0x80]]),
    }
}
