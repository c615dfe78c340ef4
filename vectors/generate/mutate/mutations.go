package mutate

import (
	"encoding/binary"

	"github.com/opsign/opsign/vectors/generate/blocks"
)

// sequenceChance is how often a draw is a sequence and not a single message.
const sequenceChance = 0.03

// families are the kinds of mutation, with how often each is taken.
var families = []struct {
	weight int
	name   string
	mutate func(*draw, *draft)
}{
	{6, "none", func(*draw, *draft) {}},
	{8, "damaged message", damageMessage},
	{7, "odd snappy", oddSnappy},
	{8, "wrong snappy", wrongSnappy},
	{11, "signature", changeSignature},
	{5, "signers", changeSigners},
	{8, "flipped", flipSigned},
	{12, "flipped and rehashed", flipAndRehash},
	{17, "structure", changeStructure},
	{20, "fields", changeFields},
	{6, "other header", otherHeader},
	{6, "other version", otherVersion},
	{5, "clock", changeClock},
}

// hugeChance is how often a message is one of several MiB.
const hugeChance = 1.0 / 400

// message draws a message that stands alone.
func (r *draw) message() *draft {
	d := r.good()
	if r.chance(hugeChance) {
		d.did("huge")
		huge(r, d)
		return d
	}
	r.mutate(d)
	return d
}

// mutate applies a family of mutations, sometimes two.
func (r *draw) mutate(d *draft) {
	total := 0
	for _, family := range families {
		total += family.weight
	}
	for again := true; again; again = d.message == nil && r.chance(0.08) {
		at := r.IntN(total)
		for _, family := range families {
			if at -= family.weight; at < 0 {
				d.did("%s", family.name)
				family.mutate(r, d)
				break
			}
		}
	}
}

// damageMessage changes the compressed bytes blindly.
func damageMessage(r *draw, d *draft) {
	message := d.compress()
	for again := true; again; again = r.chance(0.2) {
		if len(message) == 0 {
			break
		}
		switch r.IntN(8) {
		case 0:
			n := r.IntN(len(message))
			d.did("truncated to %d", n)
			message = message[:n]
		case 1:
			extra := r.bytes(1 + r.skewed(40))
			d.did("%d bytes at the end", len(extra))
			message = append(message, extra...)
		case 2:
			at := r.IntN(len(message))
			d.did("byte %d removed", at)
			message = append(message[:at:at], message[at+1:]...)
		case 3:
			at := r.IntN(len(message) + 1)
			d.did("byte put in at %d", at)
			message = append(append(message[:at:at], byte(r.Uint32())), message[at:]...)
		case 4:
			at := r.IntN(min(len(message), 4))
			d.did("byte %d changed", at)
			message[at] = byte(r.Uint32())
		default:
			bit := r.IntN(8 * len(message))
			d.did("bit %d flipped", bit)
			message[bit/8] ^= 1 << (bit % 8)
		}
	}
	d.message = message
}

// oddSnappy compresses rightly, but as no encoder would.
func oddSnappy(r *draw, d *draft) {
	plain := d.plain()
	switch r.IntN(4) {
	case 0:
		size, extra := 1+r.IntN(400), r.IntN(5)
		d.did("literals of %d with %d bytes of length", size, extra)
		d.message = literals(plain, size, extra)
	case 1:
		d.did("one literal")
		d.message = literals(plain, len(plain), r.IntN(5))
	case 2:
		width := 3 + r.IntN(8)
		d.did("length of %d bytes", width)
		compressed := d.compress()
		_, n := binary.Uvarint(compressed)
		d.message = append(uvarint(uint64(len(plain)), width), compressed[n:]...)
	default:
		d.message = compressOddly(r, plain)
	}
}

// wrongSnappy breaks a rule of the compression.
func wrongSnappy(r *draw, d *draft) {
	plain := d.plain()
	compressed := d.compress()
	_, n := binary.Uvarint(compressed)
	elements := compressed[n:]
	claim := func(length uint64, width int) { d.message = append(uvarint(length, width), elements...) }
	switch kind := r.IntN(12); kind {
	case 0:
		d.did("empty")
		d.message = []byte{}
	case 1:
		d.did("length without an end")
		d.message = append([]byte{0x80 | byte(r.Uint32()), 0x80}[:1+r.IntN(2)], bytesOf(0x80, r.IntN(12))...)
	case 2:
		d.did("length of 11 bytes")
		claim(uint64(len(plain)), 11)
	case 3:
		d.did("length above 64 bits")
		claim(pickOf(r, uint64(len(plain)), 1<<63-1), 10)
		d.message[9] = byte(r.pick(1, 2, 2, 4, 0x7e, 0x7f))
	case 4:
		length := pickOf[uint64](r, 0, 1, 64, 65, 66, 67)
		d.did("claims %d", length)
		claim(length, 0)
	case 5:
		length := pickOf[uint64](r, 1<<32-1, 1<<32, 1<<32+uint64(len(plain)), 1<<63, 1<<64-1, 1<<31, 1<<24,
			blocks.MaxMessageLength-1, blocks.MaxMessageLength, blocks.MaxMessageLength+1)
		d.did("claims %d", length)
		claim(length, r.pick(0, 0, 5, 10))
	case 6:
		by := r.pick(-2, -1, 1, 2)
		d.did("claims %+d", by)
		claim(uint64(len(plain)+by), 0)
	case 7:
		tail := pickOf(r, []byte{0}, []byte{0, 0}, []byte{1, 1}, []byte{2, 1, 0}, []byte{3, 1, 0, 0, 0}, []byte{0xfc}, []byte{0xf0, 0, 7})
		d.did("%x at the end", tail)
		d.message = append(compressed, tail...)
	case 8: // an element that cannot be, in the middle
		cut := 1 + r.IntN(len(plain)-1)
		far := uint32(pickOf(r, 0, cut+1, cut+2, 1<<16, 1<<31, 1<<32-1))
		tag, length := byte(r.pick(tagCopy1, tagCopy2, tagCopy4)), r.pick(1, 4, 11, 12, 64)
		d.did("offset %d at %d", far, cut)
		out := appendLiteral(uvarint(uint64(len(plain)), 0), plain[:cut], 0)
		out = appendCopy(out, tag, far, length)
		if cut+length < len(plain) {
			out = appendLiteral(out, plain[cut+length:], 0)
		}
		d.message = out
	case 9: // a copy that writes too much
		period := []byte{0}
		over := r.pick(1, 2, 60)
		d.did("copy %d too long", over)
		out := uvarint(uint64(len(plain)+64-over), 0)
		d.message = appendCopy(appendLiteral(out, append(plain[:len(plain)-1:len(plain)-1], period...), 0), tagCopy2, 1, 64)
	case 10: // a literal that is not all there
		d.did("literal cut")
		out := appendLiteral(uvarint(uint64(len(plain)), 0), plain, r.IntN(5))
		d.message = out[:len(out)-1-r.skewed(len(plain))]
	default: // a literal's length cut, or beyond everything
		tag := pickOf(r, []byte{60 << 2}, []byte{61 << 2, 1}, []byte{62 << 2, 1, 1}, []byte{63 << 2, 1, 1, 1},
			[]byte{63 << 2, 0xff, 0xff, 0xff, 0xff}, []byte{63 << 2, 0xff, 0xff, 0xff, 0x7f}, []byte{tagCopy1}, []byte{tagCopy2, 1}, []byte{tagCopy4, 1, 0, 0})
		d.did("ends with %x", tag)
		cut := 1 + r.IntN(len(plain)-1)
		d.message = append(appendLiteral(uvarint(uint64(len(plain)), 0), plain[:cut], 0), tag...)
	}
}

func bytesOf(value byte, times int) []byte {
	out := make([]byte, times)
	for i := range out {
		out[i] = value
	}
	return out
}

// flipSigned changes the block and signs it; its hash stays.
func flipSigned(r *draw, d *draft) {
	for again := true; again; again = r.chance(0.3) {
		bit := 8*r.IntN(len(d.signed)) + r.IntN(8)
		d.did("bit %d", bit)
		d.signed[bit/8] ^= 1 << (bit % 8)
	}
}

// flipAndRehash changes the block, gives it the right hash and signs it.
func flipAndRehash(r *draw, d *draft) {
	for again := true; again; again = r.chance(0.3) {
		at := r.IntN(len(d.signed))
		if r.chance(0.4) { // the fixed part and the tables have the interesting bytes
			at = min(prefixLength(d.Topic)+atNumber+r.IntN(180), len(d.signed)-1)
		}
		value := byte(r.Uint32())
		if r.chance(0.7) {
			value = d.signed[at] ^ 1<<r.IntN(8)
		}
		d.did("byte %d", at)
		d.signed[at] = value
	}
	d.signed = rehash(d.Topic, d.signed)
}

// changeClock puts the clock at the borders of the time that a block has.
func changeClock(r *draw, d *draft) {
	switch r.IntN(8) {
	case 0, 1:
		d.now = blockTime + uint64(r.pick(58, 59, 60))
	case 2:
		d.now = blockTime + uint64(r.pick(61, 62, 1000))
	case 3, 4:
		d.now = blockTime - uint64(r.pick(3, 4, 5))
	case 5:
		d.now = blockTime - uint64(r.pick(6, 7, 1000))
	case 6: // a clock at the beginning of time, and a block of then
		d.now = uint64(r.IntN(130))
		timestamp := uint64(r.IntN(140))
		d.set(atTimestamp, timestamp)
		d.signed = rehash(d.Topic, d.signed)
	default: // the same at the end of time
		d.now = -uint64(1 + r.IntN(10))
		d.set(atTimestamp, d.now+uint64(r.IntN(14))-7)
		d.signed = rehash(d.Topic, d.signed)
	}
	d.did("clock at %d", d.now)
}
