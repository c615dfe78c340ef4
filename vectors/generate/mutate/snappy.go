package mutate

import (
	"bytes"
	"encoding/binary"
)

// Tags of snappy's elements.
const (
	tagLiteral = 0
	tagCopy1   = 1
	tagCopy2   = 2
	tagCopy4   = 3
)

// uvarint writes a length as snappy does, with needless groups of zeros to make
// it at least width bytes long.
func uvarint(length uint64, width int) []byte {
	out := binary.AppendUvarint(nil, length)
	for len(out) < width {
		out[len(out)-1] |= 0x80
		out = append(out, 0)
	}
	return out
}

// appendLiteral writes a literal whose length stands in extra bytes after the
// tag, 0 to 4; more are taken if it needs more.
func appendLiteral(out, literal []byte, extra int) []byte {
	stored := uint32(len(literal) - 1)
	for extra < 4 && (extra == 0 && stored >= 60 || extra > 0 && stored >= 1<<(8*extra)) {
		extra++
	}
	if extra == 0 {
		out = append(out, byte(stored)<<2|tagLiteral)
	} else {
		out = append(out, byte(59+extra)<<2|tagLiteral)
		out = append(out, binary.LittleEndian.AppendUint32(nil, stored)[:extra]...)
	}
	return append(out, literal...)
}

// appendCopy writes a copy by the given tag, or by the next one that can hold it.
func appendCopy(out []byte, tag byte, offset uint32, length int) []byte {
	if tag == tagCopy1 && (length < 4 || length > 11 || offset >= 1<<11) {
		tag = tagCopy2
	}
	if tag == tagCopy2 && offset >= 1<<16 {
		tag = tagCopy4
	}
	switch tag {
	case tagCopy1:
		return append(out, byte(offset>>8)<<5|byte(length-4)<<2|tagCopy1, byte(offset))
	case tagCopy2:
		return binary.LittleEndian.AppendUint16(append(out, byte(length-1)<<2|tagCopy2), uint16(offset))
	default:
		return binary.LittleEndian.AppendUint32(append(out, byte(length-1)<<2|tagCopy4), offset)
	}
}

// literals compresses nothing: it cuts the bytes into literals of at most size bytes.
func literals(plain []byte, size, extra int) []byte {
	out := uvarint(uint64(len(plain)), 0)
	for len(plain) > 0 {
		n := min(size, len(plain))
		out = appendLiteral(out, plain[:n], extra)
		plain = plain[n:]
	}
	return out
}

// compressOddly compresses in a valid way that no encoder would choose: literals
// and copies of random lengths in random forms.
func compressOddly(r *draw, plain []byte) []byte {
	out := uvarint(uint64(len(plain)), r.pick(0, 0, 3, 5, 10))
	seen := map[uint32]int{} // four bytes, and where they were last
	key := func(at int) uint32 { return binary.LittleEndian.Uint32(plain[at:]) }
	for at := 0; at < len(plain); {
		length := 1 + r.skewed(200)
		if at+4 <= len(plain) && r.chance(0.8) {
			if from, ok := seen[key(at)]; ok {
				match := 0
				for match < 64 && at+match < len(plain) && plain[from+match] == plain[at+match] {
					match++
				}
				match = 1 + r.IntN(match)
				out = appendCopy(out, byte(r.pick(tagCopy1, tagCopy1, tagCopy2, tagCopy4)), uint32(at-from), match)
				at = r.remember(seen, plain, at, match)
				continue
			}
			length = 1 + r.skewed(20)
		}
		length = min(length, len(plain)-at)
		out = appendLiteral(out, plain[at:at+length], r.pick(0, 0, 0, 1, 2, 3, 4))
		at = r.remember(seen, plain, at, length)
	}
	return out
}

// remember notes where the four bytes at each place are, and gives the next place.
func (r *draw) remember(seen map[uint32]int, plain []byte, at, length int) int {
	for i := at; i < at+length && i+4 <= len(plain); i++ {
		seen[binary.LittleEndian.Uint32(plain[i:])] = i
	}
	return at + length
}

// repeated is a compressed message in which the same element stands many times.
type repeated struct {
	head, unit []byte
	times      int
	tail       []byte
}

// repeat compresses before ‖ period, times over ‖ after. The period is copied 64
// bytes at a time.
func repeat(before, period []byte, times int, after []byte) repeated {
	run := len(period) * times
	total := len(before) + run + len(after)
	out := repeated{
		head:  appendLiteral(uvarint(uint64(total), 0), append(bytes.Clone(before), period...), 0),
		unit:  appendCopy(nil, tagCopy2, uint32(len(period)), 64),
		times: (run - len(period)) / 64,
	}
	if rest := (run - len(period)) % 64; rest > 0 {
		out.tail = appendCopy(out.tail, tagCopy2, uint32(len(period)), rest)
	}
	if len(after) > 0 {
		out.tail = appendLiteral(out.tail, after, 0)
	}
	return out
}

func (m repeated) bytes() []byte {
	return bytes.Join([][]byte{m.head, bytes.Repeat(m.unit, m.times), m.tail}, nil)
}
