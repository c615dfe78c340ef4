package transactions

import (
	"bytes"
	"crypto/ecdsa"
	"fmt"
	"math"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/opsign/opsign/vectors/generate/blocks"
	"github.com/opsign/opsign/vectors/generate/cases"
)

type authorizationCase struct {
	label
	SecretKey       *string `json:"secret_key"`
	ChainID         string  `json:"chain_id"`
	Address         string  `json:"address"`
	Nonce           string  `json:"nonce"`
	Unsigned        string  `json:"unsigned"`
	SigningHash     string  `json:"signing_hash"`
	YParity         byte    `json:"y_parity"`
	R               string  `json:"r"`
	S               string  `json:"s"`
	Tuple           string  `json:"tuple"`
	Authority       *string `json:"authority"`
	GoEthereumError *string `json:"go_ethereum_error"`
	Recovered       *string `json:"recovered"`
}

// judgeAuthorization asks op-geth about an authorization. The key is the one
// that signed it, nil if the signature was made in another way.
func judgeAuthorization(name, comment string, a types.SetCodeAuthorization, key *ecdsa.PrivateKey) authorizationCase {
	tuple, hash := readAuthorization(a), a.SigHash()
	unsigned := append([]byte{5}, must(rlp.EncodeToBytes([]any{&a.ChainID, a.Address, a.Nonce}))...)
	if crypto.Keccak256Hash(unsigned) != hash {
		panic(fmt.Sprintf("%s: op-geth signs %s, which is not the hash of %x", name, hash, unsigned))
	}
	c := authorizationCase{
		label:   label{name, comment},
		ChainID: tuple.ChainID, Address: tuple.Address, Nonce: tuple.Nonce,
		Unsigned: hex(unsigned), SigningHash: hash.Hex(),
		YParity: tuple.YParity, R: tuple.R, S: tuple.S,
		Tuple:     hex(must(rlp.EncodeToBytes(&a))),
		Authority: tuple.Authority,
	}
	signature := append(append(bytes32(a.R.ToBig()), bytes32(a.S.ToBig())...), a.V)
	if a.V <= 1 {
		if public, err := crypto.SigToPub(hash[:], signature); err == nil {
			c.Recovered = pointer(crypto.PubkeyToAddress(*public).Hex())
		}
	}
	if _, err := a.Authority(); err != nil {
		c.GoEthereumError = pointer(err.Error())
	} else if *c.Recovered != *c.Authority {
		panic(fmt.Sprintf("%s: op-geth says %s, the signature recovers %s", name, *c.Authority, *c.Recovered))
	}
	if key != nil {
		if again := must(crypto.Sign(hash[:], key)); !bytes.Equal(again, signature) || *c.Authority != crypto.PubkeyToAddress(key.PublicKey).Hex() {
			panic(fmt.Sprintf("%s: the key gives %x, the case has %x", name, again, signature))
		}
		c.SecretKey = pointer(hex(crypto.FromECDSA(key)))
	}
	return c
}

func authorizations() cases.File {
	var list []authorizationCase
	seen := map[string]bool{}
	add := func(c authorizationCase, wantAuthority bool) {
		if seen[c.Name] {
			panic(fmt.Sprintf("two cases are named %q: rename one", c.Name))
		}
		if seen[c.Name] = true; (c.Authority != nil) != wantAuthority {
			panic(fmt.Sprintf("%s: op-geth says otherwise: correct the case", c.Name))
		}
		list = append(list, c)
	}
	signer := blocks.TestKey("authority")
	delegate := address("delegate")
	signed := func(name, comment string, key *ecdsa.PrivateKey, chainID *big.Int, to common.Address, nonce uint64) types.SetCodeAuthorization {
		a := types.SetCodeAuthorization{Address: to, Nonce: nonce}
		a.ChainID.SetFromBig(chainID)
		a = must(types.SignSetCode(key, a))
		add(judgeAuthorization(name, comment, a, key), true)
		return a
	}
	ten := big.NewInt(10)
	find := func(wanted func(types.SetCodeAuthorization) bool) uint64 {
		for nonce := uint64(0); ; nonce++ {
			if wanted(authorize("authority", ten, "delegate", nonce)) {
				return nonce
			}
		}
	}

	signed("chain_id_0", "Chain id 0 stands for every chain.", signer, zero, delegate, 0)
	for _, chain := range chains() {
		switch chain.name {
		case "1", "10", "8453", "2_53_plus_1", "2_64_minus_1", "2_64", "2_256_minus_1":
			signed("chain_id_"+chain.name, "The chain id is an integer of up to 256 bits.", signer, chain.id, delegate, 1)
		}
	}
	signed("chain_id_127", "The largest integer that is itself in RLP.", signer, big.NewInt(127), delegate, 1)
	signed("chain_id_128", "The smallest integer that takes a prefix.", signer, big.NewInt(128), delegate, 1)
	for _, nonce := range []uint64{0, 1, 127, 128, 255, 256, math.MaxUint32, math.MaxInt64, math.MaxUint64 - 1, math.MaxUint64} {
		comment := "The edges of RLP's integers."
		if nonce == math.MaxUint64 {
			comment = "The largest nonce: EIP-7702 skips such an authorization, op-geth's Authority() does not look at it."
		}
		signed(fmt.Sprintf("nonce_%d", nonce), comment, signer, ten, delegate, nonce)
	}
	signed("address_zero", "The zero address revokes a delegation.", signer, ten, common.Address{}, 1)
	signed("address_leading_zeros", "An address with leading zero bytes keeps its 20 bytes.", signer, ten, common.BytesToAddress([]byte{1}), 1)
	signed("address_largest", "Every bit is set.", signer, ten, common.BytesToAddress(maxUint256.Bytes()), 1)
	signed("address_own", "The account delegates to itself.", signer, ten, address("authority"), 1)
	signed("all_largest", "The most bytes that an authorization can have.", signer, maxUint256, common.BytesToAddress(maxUint256.Bytes()), math.MaxUint64)
	signed("all_smallest", "The fewest bytes.", signer, zero, common.Address{}, 0)
	signed("key_1", "The smallest key.", must(crypto.ToECDSA(bytes32(one))), ten, delegate, 1)
	signed("key_n_minus_1", "The largest key.", must(crypto.ToECDSA(bytes32(minus(order, 1)))), ten, delegate, 1)
	for _, parity := range []uint8{0, 1} {
		signed(fmt.Sprintf("y_parity_%d", parity), "A signature of this parity.", signer, ten, delegate,
			find(func(a types.SetCodeAuthorization) bool { return a.V == parity && a.Nonce > 1 }))
	}
	signed("short_r", "r begins with a zero byte, which RLP drops.", signer, ten, delegate,
		find(func(a types.SetCodeAuthorization) bool { return a.R.BitLen() <= 248 }))
	signed("short_s", "s begins with a zero byte, which RLP drops.", signer, ten, delegate,
		find(func(a types.SetCodeAuthorization) bool { return a.S.BitLen() <= 248 }))
	a := signed("ordinary", "The authorization that the following cases change.", signer, ten, delegate, 7)

	odd := func(name, comment string, recovers bool, by func(a *types.SetCodeAuthorization)) {
		changed := a
		by(&changed)
		add(judgeAuthorization(name, comment, changed, nil), recovers)
	}
	flip := func(a *types.SetCodeAuthorization) { a.V ^= 1 }
	odd("parity_flipped", "The other parity: recovers another account.", true, flip)
	odd("other_chain", "Signed for chain 10, stated for chain 8453: recovers another account.", true,
		func(a *types.SetCodeAuthorization) { a.ChainID.SetFromBig(big.NewInt(8453)) })
	odd("other_nonce", "Another nonce than the signed one: recovers another account.", true,
		func(a *types.SetCodeAuthorization) { a.Nonce++ })
	odd("high_s", "s' = n - s and the other parity: recovers the signer's address, but op-geth demands a low s.", false,
		func(a *types.SetCodeAuthorization) {
			a.S.SetFromBig(new(big.Int).Sub(order, a.S.ToBig()))
			flip(a)
		})
	odd("s_half", "s = (n - 1) / 2, the largest that is not high.", true, func(a *types.SetCodeAuthorization) { a.S.SetFromBig(halfOrder) })
	odd("s_half_plus_1", "s = (n + 1) / 2, the smallest that is high.", false, func(a *types.SetCodeAuthorization) { a.S.SetFromBig(plus(halfOrder, 1)) })
	for _, parity := range []uint8{2, 3, 4, 27, 28, 255} {
		odd(fmt.Sprintf("y_parity_%d", parity), "A y parity other than 0 and 1.", false, func(a *types.SetCodeAuthorization) { a.V = parity })
	}
	odd("r_zero", "r = 0.", false, func(a *types.SetCodeAuthorization) { a.R.Clear() })
	odd("s_zero", "s = 0.", false, func(a *types.SetCodeAuthorization) { a.S.Clear() })
	odd("not_signed", "All of the signature is zero.", false, func(a *types.SetCodeAuthorization) {
		a.V = 0
		a.R.Clear()
		a.S.Clear()
	})
	odd("r_n", "r = n.", false, func(a *types.SetCodeAuthorization) { a.R.SetFromBig(order) })
	odd("s_n", "s = n.", false, func(a *types.SetCodeAuthorization) { a.S.SetFromBig(order) })
	odd("r_2_256_minus_1", "The largest r of 32 bytes.", false, func(a *types.SetCodeAuthorization) { a.R.SetFromBig(maxUint256) })
	odd("s_2_256_minus_1", "The largest s of 32 bytes.", false, func(a *types.SetCodeAuthorization) { a.S.SetFromBig(maxUint256) })
	odd("r_off_curve", "r is in range but is not the x coordinate of a point.", false,
		func(a *types.SetCodeAuthorization) { a.R.SetFromBig(offCurve(a.R.ToBig())) })

	return newFile("authorizations.json",
		"Authorizations of EIP-7702. signing_hash = keccak256(unsigned), unsigned = 0x05 || rlp([chain_id, address, nonce]); "+
			"\"tuple\" is the authorization as it stands in a transaction. "+
			"\"authority\" is the account that gave it, null if op-geth finds none; go_ethereum_error says why. "+
			"\"recovered\" is the address that signing_hash, r, s and y_parity give without the rule about low s. "+
			"\"secret_key\" is there if signing signing_hash with it gives r, s and y_parity, byte by byte.",
		"SetCodeAuthorization.SigHash and Authority, SignSetCode of "+opGeth+".",
		list)
}
