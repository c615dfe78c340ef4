package published

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/asn1"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/big"
	"strings"

	"github.com/c2sp/wycheproof"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/opsign/opsign/vectors/generate/cases"
)

type wycheproofCase struct {
	label
	PublicKey  string `json:"public_key"`
	Address    string `json:"address"`
	Digest     string `json:"digest"`
	RS         string `json:"rs"`
	Valid      bool   `json:"valid"`
	LowS       bool   `json:"low_s"`
	RecoveryID *int   `json:"recovery_id"`
}

// wycheproofFile takes every ECDSA test of secp256k1 whose signature is two
// numbers of 32 bytes: P1363 ones as they are, DER ones if they are DER at all
// and the numbers fit. Equal tests of several files are taken once.
func wycheproofFile() cases.File {
	names := must(fs.Glob(wycheproof.TestVectors, "ecdsa_secp256k1_*_test.json"))
	var list []wycheproofCase
	var taken []string
	seen := map[string]bool{}
	for _, name := range names {
		all, fitting, before := 0, 0, len(list)
		short := strings.TrimSuffix(strings.TrimPrefix(name, "ecdsa_secp256k1_"), "_test.json")
		var file struct {
			TestGroups []struct {
				Type, Sha string
				PublicKey struct{ Uncompressed string }
				Tests     []struct {
					TcID              int
					Comment, Msg, Sig string
					Result            string
					Flags             []string
				}
			}
		}
		if err := json.Unmarshal(must(fs.ReadFile(wycheproof.TestVectors, name)), &file); err != nil {
			panic(err)
		}
		for _, group := range file.TestGroups {
			key := unhex(group.PublicKey.Uncompressed)
			for _, test := range group.Tests {
				all++
				rs := unhex(test.Sig)
				if group.Type != "EcdsaP1363Verify" {
					rs = fromDER(rs)
				}
				if len(rs) != 64 {
					if test.Result == "valid" && len(rs) != 0 {
						panic(fmt.Sprintf("%s %d is valid with %d bytes", name, test.TcID, len(rs)))
					}
					continue
				}
				fitting++
				digest := hashed(group.Sha, unhex(test.Msg))
				same := fmt.Sprintf("%x %x %x", key, digest, rs)
				if seen[same] {
					continue
				}
				seen[same] = true
				c := wycheproofCase{
					label:      label{fmt.Sprintf("%s_%d", short, test.TcID), fmt.Sprintf("%s: %s", strings.Join(test.Flags, ", "), test.Comment)},
					PublicKey:  hex(key),
					Address:    crypto.PubkeyToAddress(*must(crypto.UnmarshalPubkey(key))).Hex(),
					Digest:     hex(digest),
					RS:         hex(rs),
					Valid:      test.Result == "valid",
					LowS:       new(big.Int).SetBytes(rs[32:]).Cmp(halfOrder) <= 0,
					RecoveryID: recoveryID(key, digest, rs),
				}
				// Bitcoin's rules refuse a high s. The equation holds all the same.
				highS := group.Type == "EcdsaBitcoinVerify" && !c.LowS
				if holds := c.RecoveryID != nil; holds != c.Valid && !(highS && holds) {
					panic(fmt.Sprintf("%s %d: Wycheproof says %s, libsecp256k1 recovers: %v", name, test.TcID, test.Result, holds))
				}
				c.Valid = c.RecoveryID != nil
				list = append(list, c)
			}
		}
		taken = append(taken, fmt.Sprintf("%s: %d tests, %d of two 32-byte numbers, %d not in a file before", name, all, fitting, len(list)-before))
	}
	description := "ECDSA signatures over secp256k1 and whether they verify. " +
		"Wycheproof checks r and s against a public key; opsign recovers the key, so a signature is good if some recovery id leads to public_key: " +
		"recovery_id is that id, found with libsecp256k1, or null where Wycheproof says invalid. " +
		"Consensus rules accept (r, s, id) if and only if id is recovery_id; strict rules if, moreover, low_s and id is at most 1. " +
		"digest is the message's hash, its first 32 bytes if it is longer (FIPS 186-5, section 6.4). " +
		"valid is Wycheproof's result, except that a high s in the file of Bitcoin's rules, which Wycheproof calls invalid, is valid here and not low_s. " +
		"Signatures that are not two numbers of 32 bytes have no 65-byte form and are left out. " + strings.Join(taken, "; ") + "."
	source := "Wycheproof, Go module github.com/c2sp/wycheproof " + WycheproofVersion + "; recovery ids and addresses by op-geth " + cases.OpGethVersion + " with cgo (libsecp256k1)"
	return newFile("wycheproof.json", description, source, "Apache-2.0", list)
}

var halfOrder = new(big.Int).Rsh(crypto.S256().Params().N, 1)

// recoveryID is the id that recovers the key, nil if none does.
func recoveryID(key, digest, rs []byte) *int {
	for id := range 4 {
		found, err := crypto.Ecrecover(digest, append(bytes.Clone(rs), byte(id)))
		if err == nil && bytes.Equal(found, key) {
			return &id
		}
	}
	return nil
}

// fromDER gives r and s as 64 bytes, nil if the bytes are not DER or do not fit.
func fromDER(der []byte) []byte {
	var numbers struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(der, &numbers)
	if err != nil || len(rest) > 0 {
		return nil
	}
	// The library reads more than what it writes: only one form is DER.
	again, err := asn1.Marshal(numbers)
	if err != nil || !bytes.Equal(again, der) {
		return nil
	}
	for _, number := range []*big.Int{numbers.R, numbers.S} {
		if number.Sign() < 0 || number.BitLen() > 256 {
			return nil
		}
	}
	return append(numbers.R.FillBytes(make([]byte, 32)), numbers.S.FillBytes(make([]byte, 32))...)
}

func hashed(name string, message []byte) []byte {
	var digest []byte
	switch name {
	case "SHA-256":
		sum := sha256.Sum256(message)
		digest = sum[:]
	case "SHA-512":
		sum := sha512.Sum512(message)
		digest = sum[:]
	case "SHA3-256":
		sum := sha3.Sum256(message)
		digest = sum[:]
	case "SHA3-512":
		sum := sha3.Sum512(message)
		digest = sum[:]
	case "SHAKE128":
		digest = sha3.SumSHAKE128(message, 32)
	case "SHAKE256":
		digest = sha3.SumSHAKE256(message, 64)
	default:
		panic("Wycheproof has a new hash: " + name)
	}
	return digest[:32]
}

func unhex(text string) []byte {
	if text = strings.TrimPrefix(text, "0x"); text == "" {
		return nil
	}
	return must(hexutil.Decode("0x" + text))
}
