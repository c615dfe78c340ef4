//! SCALE, read strictly: a value has one encoding, and nothing may follow.

/// A number in its shortest compact form.
pub(crate) fn compact(number: u64) -> Vec<u8> {
    match number {
        0..=0x3f => vec![(number as u8) << 2],
        0x40..=0x3fff => ((number as u16) << 2 | 1).to_le_bytes().to_vec(),
        0x4000..=0x3fff_ffff => ((number as u32) << 2 | 2).to_le_bytes().to_vec(),
        _ => {
            let bytes = number.to_le_bytes();
            let length = 8 - number.leading_zeros() as usize / 8;
            let mut out = vec![(length as u8 - 4) << 2 | 3];
            out.extend_from_slice(&bytes[..length]);
            out
        }
    }
}

/// Takes values off the front of bytes; none where there is no value in its shortest form.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether nothing is left.
    pub(crate) fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }

    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A compact number up to 64 bits.
    pub(crate) fn compact(&mut self) -> Option<u64> {
        let before = self.0;
        let number = match before.first()? & 3 {
            0 => u64::from(self.u8()? >> 2),
            1 => u64::from(self.array().map(u16::from_le_bytes)? >> 2),
            2 => u64::from(self.u32()? >> 2),
            _ => {
                let length = usize::from(self.u8()? >> 2) + 4;
                let mut bytes = [0; 8];
                bytes.get_mut(..length)?.copy_from_slice(self.take(length)?);
                u64::from_le_bytes(bytes)
            }
        };
        // Longer than need be: another encoding of the same number.
        let read = before.len() - self.0.len();
        (read == compact(number).len()).then_some(number)
    }

    /// A compact length and so many bytes.
    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.compact()?).ok()?;
        self.take(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the SCALE specification's examples, and the borders of each form.
    #[test]
    fn compact_numbers() {
        let cases: [(u64, &[u8]); 12] = [
            (0, &[0]),
            (1, &[4]),
            (42, &[0xa8]),
            (63, &[0xfc]),
            (64, &[1, 1]),
            (69, &[0x15, 1]),
            (16383, &[0xfd, 0xff]),
            (16384, &[2, 0, 1, 0]),
            (65535, &[0xfe, 0xff, 3, 0]),
            ((1 << 30) - 1, &[0xfe, 0xff, 0xff, 0xff]),
            (1 << 30, &[3, 0, 0, 0, 0x40]),
            (u64::MAX, &[0x13, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ];
        for (number, bytes) in cases {
            assert_eq!(compact(number), bytes, "{number}");
            let mut reader = Reader::new(bytes);
            assert_eq!(reader.compact(), Some(number), "{bytes:?}");
            assert_eq!(reader.end(), Some(()));
        }
    }

    #[test]
    fn longer_forms_are_refused() {
        let long: [&[u8]; 5] =
            [&[1, 0], &[0xfd, 0], &[2, 0, 0, 0], &[3, 0, 0, 0, 0], &[7, 0, 0, 0, 0x40, 0]];
        for bytes in long {
            assert_eq!(Reader::new(bytes).compact(), None, "{bytes:?}");
        }
        // Above 64 bits, and cut short.
        assert_eq!(Reader::new(&[0x17, 1, 1, 1, 1, 1, 1, 1, 1, 1]).compact(), None);
        assert_eq!(Reader::new(&[2, 0, 1]).compact(), None);
        assert_eq!(Reader::new(&[]).compact(), None);
    }
}
