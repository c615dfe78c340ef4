package mutate

import (
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ethereum-optimism/optimism/op-service/eth"
	opsigner "github.com/ethereum-optimism/optimism/op-service/signer"
)

var (
	order      = crypto.S256().Params().N
	fieldPrime = crypto.S256().Params().P
)

// changeSignature signs in a way that is wrong, or unusual and right.
func changeSignature(r *draw, d *draft) {
	good := *d.sign()
	signature := good
	switch r.IntN(16) {
	case 0:
		d.did("y parity flipped")
		signature[64] ^= 1
	case 1:
		d.did("high s")
		signature = highS(good)
	case 2:
		d.did("high s, y parity kept")
		signature = highS(good)
		signature[64] = good[64]
	case 3:
		id := byte(r.pick(2, 3, 4, 5, 6, 7, 8, 27, 28, 29, 30, 31, 127, 128, 254, 255))
		d.did("recovery id %d", id)
		signature[64] = id
	case 4:
		add := byte(r.pick(2, 4, 27, 28, 35))
		d.did("recovery id %+d", add)
		signature[64] += add
	case 5:
		d.did("nothing but zeros")
		signature = eth.Bytes65{}
	case 6:
		d.did("r or s zero")
		clear(signature[32*r.IntN(2):][:32])
	case 7:
		which := r.IntN(2)
		value := new(big.Int).Add(pickOf(r, order, order, fieldPrime), big.NewInt(int64(r.IntN(5)-2)))
		d.did("r or s at the order")
		value.FillBytes(signature[32*which:][:32])
	case 8:
		d.did("all bits set")
		copy(signature[32*r.IntN(2):][:32], bytesOf(0xff, 32))
	case 9:
		d.did("stranger's key")
		signature = signWith(stranger, d.ChainID, d.signed)
	case 10:
		other := pickOf(r,
			new(big.Int).Add(d.ChainID, big.NewInt(1)),
			new(big.Int).Sub(d.ChainID, big.NewInt(1)),
			new(big.Int).And(d.ChainID, new(big.Int).SetUint64(1<<64-1)),
			new(big.Int),
			big.NewInt(11),
		)
		if other.BitLen() > 256 {
			other.SetUint64(0)
		}
		d.did("for chain %s", other)
		signature = signWith(d.key, other, d.signed)
	case 11:
		d.did("of another hash")
		signature = signHash(d, pickOf(r,
			opsigner.PayloadHash(d.signed),                                         // neither domain nor chain
			opsigner.PayloadHash(d.plain()),                                        // with the signature
			signingHash(d.ChainID, opsigner.PayloadHash(d.signed), eth.Bytes32{1}), // another domain
			signingHash(d.ChainID, crypto.Keccak256Hash(d.signed[prefixLength(d.Topic):len(d.signed)-r.IntN(2)]), eth.Bytes32{}),
		))
	case 12:
		bit := r.IntN(8 * len(signature))
		d.did("bit %d of the signature", bit)
		signature[bit/8] ^= 1 << (bit % 8)
	case 13, 14: // a made-up signature, of whoever it may be
		made, signer, ok := r.madeUp(d)
		if ok {
			d.did("made up, id %d", made[64])
			signature, d.Current = made, signer
			if r.chance(0.3) { // a wrong one beside it
				signature[64] ^= byte(1 + r.IntN(3))
			}
		}
	default:
		d.did("bit of s")
		signature[32+r.IntN(32)] ^= 1 << r.IntN(8)
	}
	d.signature = &signature
}

// highS is the twin signature with the other s.
func highS(good eth.Bytes65) eth.Bytes65 {
	twin := good
	new(big.Int).Sub(order, new(big.Int).SetBytes(good[32:64])).FillBytes(twin[32:64])
	twin[64] ^= 1
	return twin
}

// madeUp gives a signature that nobody made, and the address that it recovers.
// Half of them have a recovery id of 2 or 3, which no signer ever meets: r must
// be so small that r + n is an x coordinate, too.
func (r *draw) madeUp(d *draft) (signature eth.Bytes65, signer common.Address, ok bool) {
	hash := signingHash(d.ChainID, opsigner.PayloadHash(d.signed), eth.Bytes32{})
	for range 20 {
		copy(signature[:64], r.bytes(64))
		signature[64] = byte(r.IntN(2))
		if r.chance(0.5) {
			clear(signature[:16])
			signature[64] |= 2
		}
		if public, err := crypto.SigToPub(hash[:], signature[:]); err == nil {
			return signature, crypto.PubkeyToAddress(*public), true
		}
	}
	return signature, signer, false
}

func signingHash(chainID *big.Int, payloadHash common.Hash, domain eth.Bytes32) common.Hash {
	message := opsigner.BlockSigningMessage{Domain: domain, ChainID: eth.ChainIDFromBig(chainID), PayloadHash: payloadHash}
	return message.ToSigningHash()
}

func signHash(d *draft, hash common.Hash) eth.Bytes65 {
	signature, err := crypto.Sign(hash[:], d.key)
	if err != nil {
		panic(err)
	}
	return eth.Bytes65(signature)
}

// changeSigners changes whom the node trusts, and who signs.
func changeSigners(r *draw, d *draft) {
	switch r.IntN(6) {
	case 0:
		d.did("no signer known")
		d.Current, d.Previous = common.Address{}, common.Address{}
	case 1:
		d.did("no signer known, but a previous one, who signs")
		d.Current, d.Previous, d.key = common.Address{}, addressOf(former), former
	case 2:
		d.did("the previous signer signs")
		d.Previous, d.key = addressOf(former), former
	case 3:
		d.did("a former signer signs, whom the node has forgotten")
		d.Previous, d.key = common.Address{}, former
	case 4:
		d.did("a stranger signs, with a previous signer known")
		d.Previous, d.key = addressOf(former), stranger
	default:
		d.did("the present signer signs, with a previous one known")
		d.Previous = addressOf(former)
	}
	d.signature = nil
	if r.chance(0.15) { // with no signer known, any signature does
		d.signature = new(eth.Bytes65)
	}
}
