package cases

import (
	"bytes"
	"fmt"
	"math/big"

	decred "github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/opsign/opsign/vectors/generate/blocks"
)

type recoveryCase struct {
	label
	ChainID             string  `json:"chain_id"`
	PayloadHash         string  `json:"payload_hash"`
	SigningHash         string  `json:"signing_hash"`
	Signature           string  `json:"signature"`
	Consensus           outcome `json:"consensus"`
	Strict              outcome `json:"strict"`
	ConsensusWithoutCgo outcome `json:"consensus_without_cgo"`
}

// recoverer gives the address that signed a hash.
type recoverer func(hash common.Hash, signature []byte) (common.Address, error)

// recoverPlain is go-ethereum's recovery, as built here: by libsecp256k1.
func recoverPlain(hash common.Hash, signature []byte) (common.Address, error) {
	key, err := crypto.SigToPub(hash[:], signature)
	if err != nil {
		return common.Address{}, err
	}
	return crypto.PubkeyToAddress(*key), nil
}

// recoverWithoutCgo is go-ethereum's recovery when it is built without cgo, as
// op-node's releases are: the same call of the same library. The package nocgo
// compares its results with go-ethereum so built.
func recoverWithoutCgo(hash common.Hash, signature []byte) (common.Address, error) {
	if len(signature) != blocks.SignatureLength {
		return common.Address{}, fmt.Errorf("signature of %d bytes", len(signature))
	}
	compact := append([]byte{signature[64] + 27}, signature[:64]...)
	key, _, err := decred.RecoverCompact(compact, hash[:])
	if err != nil {
		return common.Address{}, err
	}
	return crypto.PubkeyToAddress(*key.ToECDSA()), nil
}

// rules state once more, in plain arithmetic, what makes a signature invalid.
type rules struct {
	maxS         *big.Int
	maxYParity   byte
	yParityBits  byte // the bits that recovery looks at
	recoverBytes recoverer
}

var (
	consensusRules  = rules{maxS: minus(order, 1), maxYParity: 3, yParityBits: 0xff, recoverBytes: recoverPlain}
	strictRules     = rules{maxS: halfOrder, maxYParity: 1, yParityBits: 0xff, recoverBytes: recoverPlain}
	withoutCgoRules = rules{maxS: minus(order, 1), maxYParity: 7, yParityBits: 0x03, recoverBytes: recoverWithoutCgo}
)

// check gives the outcome in the order length, r, s, y parity, recovery.
func (rules rules) check(hash common.Hash, signature []byte) outcome {
	switch {
	case len(signature) == 0:
		return outcome{Error: errEmpty}
	case len(signature) < blocks.SignatureLength:
		return outcome{Error: errTooShort}
	case len(signature) > blocks.SignatureLength:
		return outcome{Error: errTooLong}
	}
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:64])
	switch {
	case r.Sign() == 0:
		return outcome{Error: errRZero}
	case r.Cmp(order) >= 0:
		return outcome{Error: errRTooLarge}
	case s.Sign() == 0:
		return outcome{Error: errSZero}
	case s.Cmp(order) >= 0:
		return outcome{Error: errSTooLarge}
	case s.Cmp(rules.maxS) > 0:
		return outcome{Error: errSHigh}
	case signature[64] > rules.maxYParity:
		return outcome{Error: errYParity}
	}
	masked := bytes.Clone(signature)
	masked[64] &= rules.yParityBits
	address, err := rules.recoverBytes(hash, masked)
	if err != nil {
		return outcome{Error: errNotRecoverable}
	}
	return outcome{Address: address.Hex()}
}

// recovered means that an address is expected, instead of an error's name.
const recovered = ""

// decide gives the library's outcome under the name that the case expects.
func decide(name string, hash common.Hash, signature []byte, library recoverer, rules rules, want string) outcome {
	address, err := library(hash, signature)
	got := outcome{Error: want}
	switch {
	case err == nil && want != recovered:
		panic(fmt.Sprintf("%s: the case expects %s, the library recovers %s: correct the case", name, want, address))
	case err != nil && want == recovered:
		panic(fmt.Sprintf("%s: the case expects an address, the library says %q: correct the case, "+
			"or build with cgo (CGO_ENABLED=1 and a C compiler)", name, err))
	case err == nil:
		got = outcome{Address: address.Hex()}
	}
	if ruled := rules.check(hash, signature); ruled != got {
		panic(fmt.Sprintf("%s: the case and the library say %v, the rules say %v: correct one of them", name, got, ruled))
	}
	return got
}

// curveY gives a y with (x, y) on the curve, nil if there is none.
func curveY(x *big.Int) *big.Int {
	square := new(big.Int).Exp(x, big.NewInt(3), fieldPrime)
	square.Add(square, big.NewInt(7))
	return new(big.Int).ModSqrt(square.Mod(square, fieldPrime), fieldPrime)
}

// findX searches upwards for an x coordinate that is on the curve, or is not.
func findX(from *big.Int, onCurve bool) *big.Int {
	for x := from; ; x = plus(x, 1) {
		if (curveY(x) != nil) == onCurve {
			return x
		}
	}
}

func recovery() File {
	chainID, payloadHash := opMainnet, common.Hash(reproducible("recovery payload"))
	hash := signingHash(chainID, payloadHash)
	var cases []recoveryCase
	addOn := func(chainID *big.Int, payloadHash common.Hash, name, comment string, signature []byte, consensus, strict, withoutCgo string) {
		hash := signingHash(chainID, payloadHash)
		c := recoveryCase{
			label:               label{name, comment},
			ChainID:             chainID.String(),
			PayloadHash:         payloadHash.Hex(),
			SigningHash:         hash.Hex(),
			Signature:           hex(signature),
			Consensus:           decide(name, hash, signature, recoverPlain, consensusRules, consensus),
			ConsensusWithoutCgo: decide(name, hash, signature, recoverWithoutCgo, withoutCgoRules, withoutCgo),
		}
		// No library knows the strict rules: what they add to the consensus rules
		// is an error by definition, the rest is decided as above.
		if c.Strict = strictRules.check(hash, signature); c.Strict.Error != strict {
			panic(fmt.Sprintf("%s: the case expects %q by the strict rules, they give %v: correct the case", name, strict, c.Strict))
		}
		cases = append(cases, c)
	}
	add := func(name, comment string, signature []byte, consensus, strict string) {
		addOn(chainID, payloadHash, name, comment, signature, consensus, strict, consensus)
	}

	// Two real signatures, one of each parity.
	key := blocks.TestKey("recovery")
	sign := func(chainID *big.Int, payloadHash common.Hash) []byte {
		hash := signingHash(chainID, payloadHash)
		signature, err := crypto.Sign(hash[:], key)
		if err != nil {
			panic(err)
		}
		return signature
	}
	byParity := map[byte]common.Hash{}
	for i := 0; len(byParity) < 2; i++ {
		payload := common.Hash(reproducible(fmt.Sprintf("recovery payload %d", i)))
		if parity := sign(chainID, payload)[64]; byParity[parity] == (common.Hash{}) {
			byParity[parity] = payload
		}
	}
	for _, parity := range []byte{0, 1} {
		payload := byParity[parity]
		signature := sign(chainID, payload)
		r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:64])
		highS := new(big.Int).Sub(order, s)
		addOn(chainID, payload, fmt.Sprintf("valid_parity_%d", parity),
			"A signature as op-node makes it.", signature, recovered, recovered, recovered)
		addOn(chainID, payload, fmt.Sprintf("flipped_parity_%d", 1-parity),
			"The other parity: recovers, but another address.", join(r, s, 1-parity), recovered, recovered, recovered)
		addOn(chainID, payload, fmt.Sprintf("high_s_twin_parity_%d", 1-parity),
			"s' = n - s with the parity flipped recovers the signer's address; op-node accepts it, the strict rules do not.",
			join(r, highS, 1-parity), recovered, errSHigh, recovered)
		addOn(chainID, payload, fmt.Sprintf("high_s_same_parity_%d", parity),
			"s' = n - s without flipping the parity: recovers another address.",
			join(r, highS, parity), recovered, errSHigh, recovered)
	}
	addOn(maxUint256, byParity[0], "valid_largest_chain_id", "The chain id fills all of its 32 bytes.",
		sign(maxUint256, byParity[0]), recovered, recovered, recovered)
	addOn(big.NewInt(8453), byParity[0], "other_chain_id", "A signature for chain 10, checked on chain 8453: recovers another address.",
		sign(chainID, byParity[0]), recovered, recovered, recovered)

	// Ordinary numbers for the cases that change one of them.
	good := sign(chainID, payloadHash)
	r, s, parity := new(big.Int).SetBytes(good[:32]), new(big.Int).SetBytes(good[32:64]), good[64]

	add("r_zero", "r = 0.", join(new(big.Int), s, parity), errRZero, errRZero)
	add("r_n", "r = n, which is 0 in arithmetic modulo n.", join(order, s, parity), errRTooLarge, errRTooLarge)
	add("r_n_plus_1", "r = n + 1.", join(plus(order, 1), s, parity), errRTooLarge, errRTooLarge)
	add("r_2_256_minus_1", "r is the largest number of 32 bytes.", join(maxUint256, s, parity), errRTooLarge, errRTooLarge)
	add("r_1", "r = 1, the smallest; it is the x coordinate of a point.", join(one, s, parity), recovered, recovered)
	largestR := minus(order, 1)
	for curveY(largestR) == nil {
		largestR = minus(largestR, 1)
	}
	add("r_largest", "The largest r below n that is the x coordinate of a point.", join(largestR, s, parity), recovered, recovered)
	add("s_zero", "s = 0.", join(r, new(big.Int), parity), errSZero, errSZero)
	add("s_n", "s = n, which is 0 in arithmetic modulo n.", join(r, order, parity), errSTooLarge, errSTooLarge)
	add("s_2_256_minus_1", "s is the largest number of 32 bytes.", join(r, maxUint256, parity), errSTooLarge, errSTooLarge)
	add("s_1", "s = 1, the smallest.", join(r, one, parity), recovered, recovered)
	add("s_half", "s = (n - 1) / 2, the largest that is not high.", join(r, halfOrder, parity), recovered, recovered)
	add("s_half_plus_1", "s = (n + 1) / 2, the smallest that is high.", join(r, plus(halfOrder, 1), parity), recovered, errSHigh)
	add("s_n_minus_1", "The largest s below n.", join(r, minus(order, 1), parity), recovered, errSHigh)

	const ordinary = " r is too large for r + n to be below the field's prime, so there is no such point."
	add("y_parity_2_ordinary_r", "The value 2 means that the point's x is r + n."+ordinary, join(r, s, 2), errNotRecoverable, errYParity)
	add("y_parity_3_ordinary_r", "The value 3 means that the point's x is r + n."+ordinary, join(r, s, 3), errNotRecoverable, errYParity)
	addOn(chainID, payloadHash, "y_parity_4", "The first value that no point has. An op-node built without cgo, as released, takes 4 for 0.",
		join(r, s, 4), errYParity, errYParity, recovered)
	addOn(chainID, payloadHash, "y_parity_5", "An op-node built without cgo takes 5 for 1.",
		join(r, s, 5), errYParity, errYParity, recovered)
	addOn(chainID, payloadHash, "y_parity_6_ordinary_r", "An op-node built without cgo takes 6 for 2, for which there is no point.",
		join(r, s, 6), errYParity, errYParity, errNotRecoverable)
	add("y_parity_8", "The first value that every op-node refuses.", join(r, s, 8), errYParity, errYParity)
	add("y_parity_27", "The older form of 0, used in transactions and by many signing tools; op-node does not know it.", join(r, s, 27), errYParity, errYParity)
	add("y_parity_28", "The older form of 1.", join(r, s, 28), errYParity, errYParity)
	add("y_parity_228", "228 + 27 is the largest byte: does adding 27 wrap around?", join(r, s, 228), errYParity, errYParity)
	add("y_parity_255", "The largest byte: 255 + 27 wraps around to 26.", join(r, s, 255), errYParity, errYParity)

	// x in n..p-1 exists for one r in 2^128 only, so it must be constructed.
	smallR := new(big.Int).Sub(findX(plus(order, 1), true), order)
	for _, id := range []byte{2, 3} {
		add(fmt.Sprintf("y_parity_%d_small_r", id), "r is so small that r + n is the x coordinate of a point: op-node recovers an address.",
			join(smallR, s, id), recovered, errYParity)
	}
	addOn(chainID, payloadHash, "y_parity_6_small_r", "6 is taken for 2 by an op-node built without cgo, and there is such a point.",
		join(smallR, s, 6), errYParity, errYParity, recovered)
	offAbove := new(big.Int).Sub(findX(plus(order, 1), false), order)
	add("y_parity_2_small_r_off_curve", "r + n is below the field's prime but is not the x coordinate of a point.",
		join(offAbove, s, 2), errNotRecoverable, errYParity)
	add("y_parity_2_r_p_minus_n", "r = p - n, the smallest r for which r + n is not below the field's prime.",
		join(new(big.Int).Sub(fieldPrime, order), s, 2), errNotRecoverable, errYParity)

	off := findX(r, false)
	add("r_off_curve", "r is in range but is not the x coordinate of a point.", join(off, s, 0), errNotRecoverable, errNotRecoverable)
	add("r_off_curve_odd", "The same with the other parity.", join(off, s, 1), errNotRecoverable, errNotRecoverable)

	// Q = (sR - zG)/r is the point at infinity when R = kG and s = z/k.
	z := new(big.Int).SetBytes(hash[:])
	infinity := func(high bool) []byte {
		for i := 0; ; i++ {
			k := reproducibleScalar(fmt.Sprintf("nonce %d", i))
			x, y := crypto.S256().ScalarBaseMult(bytes32(k))
			s := new(big.Int).ModInverse(k, order)
			s.Mul(s, z).Mod(s, order)
			if x.Cmp(order) < 0 && (s.Cmp(halfOrder) > 0) == high {
				return join(x, s, byte(y.Bit(0)))
			}
		}
	}
	add("infinity", "sR = zG, so the recovered point is the point at infinity, which is no public key.",
		infinity(false), errNotRecoverable, errNotRecoverable)
	add("infinity_high_s", "The point at infinity with a high s.", infinity(true), errNotRecoverable, errSHigh)

	add("length_0", "No signature at all.", nil, errEmpty, errEmpty)
	add("length_1", "A single byte.", good[:1], errTooShort, errTooShort)
	add("length_64", "Without the y parity.", good[:64], errTooShort, errTooShort)
	add("length_66", "One byte too many.", append(bytes.Clone(good), 0), errTooLong, errTooLong)
	add("length_130", "Two signatures in a row, also the length of one in hex.", append(bytes.Clone(good), good...), errTooLong, errTooLong)
	add("zeros", "65 zero bytes: r is looked at first.", make([]byte, 65), errRZero, errRZero)
	add("ones", "65 bytes of 255: r is looked at first.", bytes.Repeat([]byte{0xff}, 65), errRTooLarge, errRTooLarge)
	add("s_before_y_parity", "s = 0 and a wrong y parity: s is looked at first.", join(r, new(big.Int), 27), errSZero, errSZero)
	add("high_s_before_y_parity", "A high s and a wrong y parity: the strict rules name s.",
		join(r, new(big.Int).Sub(order, s), 27), errYParity, errSHigh)
	add("y_parity_before_recovery", "r off the curve and a wrong y parity: the parity is looked at first.", join(off, s, 27), errYParity, errYParity)

	return newFile("recovery.json",
		"Signatures, and the address that each one recovers or the error that it is. The signing hash has the zero domain. "+
			"\"consensus\" is what op-node does: any s below n, a y parity of 0 to 3. "+
			"\"strict\" is what a careful signer makes: 65 bytes, 1 <= r < n, 1 <= s <= n/2, a y parity of 0 or 1. "+
			"Errors are looked for in the order length, r, s, y parity, recovery. "+
			"\"consensus_without_cgo\" is what op-node does when it is built without cgo, as its releases are: "+
			"it differs in taking a y parity of 4 to 7 for 0 to 3.",
		"ToSigningHash of "+opNode+"; crypto.SigToPub of "+opGeth+" with cgo (libsecp256k1) for \"consensus\"; "+
			"RecoverCompact of github.com/decred/dcrd/dcrec/secp256k1/v4 "+DecredVersion+", called as go-ethereum does without cgo. "+
			"The names of errors are given by hand.",
		cases)
}

// join makes the 65 bytes of a signature.
func join(r, s *big.Int, yParity byte) []byte {
	return append(append(bytes32(r), bytes32(s)...), yParity)
}
