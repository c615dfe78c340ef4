// Package judge verifies signatures of Substrate's schemes with go-schnorrkel, Go's own ed25519 and
// decred's secp256k1. None of them shares code with schnorrkel or sp-core.
package judge

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"

	schnorrkel "github.com/ChainSafe/go-schnorrkel"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	"github.com/gtank/merlin"
	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/sha3"
)

// Line is one signature and what it is of.
type Line struct {
	Scheme    string `json:"scheme"`
	Public    Hex    `json:"public"`
	Signature Hex    `json:"signature"`
	Message   Hex    `json:"message"`
	// Transcript is what a VRF has in the place of a message.
	Transcript *Transcript `json:"transcript"`
}

// Transcript is merlin's, in parts.
type Transcript struct {
	Label string `json:"label"`
	Items []struct {
		Label string `json:"label"`
		Bytes *Hex   `json:"bytes"`
		// U64 is a number as text.
		U64 *string `json:"u64"`
	} `json:"items"`
}

// Hex is bytes, written with 0x.
type Hex []byte

// UnmarshalText reads them.
func (h *Hex) UnmarshalText(text []byte) error {
	digits, found := strings.CutPrefix(string(text), "0x")
	if !found {
		return fmt.Errorf("%s is no hex", text)
	}
	decoded, err := hex.DecodeString(digits)
	*h = decoded
	return err
}

// Holds says whether a signature holds. An error is no verdict: the line makes no sense.
func (l *Line) Holds() (bool, error) {
	switch l.Scheme {
	case "sr25519":
		return l.schnorr(), nil
	case "sr25519_vrf":
		transcript, err := l.Transcript.build()
		if err != nil {
			return false, err
		}
		return l.vrf(transcript), nil
	case "ed25519":
		return len(l.Public) == ed25519.PublicKeySize && ed25519.Verify(ed25519.PublicKey(l.Public), l.Message, l.Signature), nil
	case "ecdsa":
		digest := blake2b.Sum256(l.Message)
		return l.recovers(digest[:]), nil
	case "ecdsa_keccak":
		return l.recovers(sum(sha3.NewLegacyKeccak256(), l.Message)), nil
	}
	return false, fmt.Errorf("%s is no scheme", l.Scheme)
}

func sum(hash hash.Hash, message []byte) []byte {
	hash.Write(message)
	return hash.Sum(nil)
}

// schnorr checks the bit that marks a signature itself: go-schnorrkel takes signatures without it.
func (l *Line) schnorr() bool {
	if len(l.Signature) != 64 || l.Signature[63]&0x80 == 0 {
		return false
	}
	key, err := publicKey(l.Public)
	if err != nil {
		return false
	}
	var signature schnorrkel.Signature
	if signature.Decode([64]byte(l.Signature)) != nil {
		return false
	}
	holds, err := key.Verify(&signature, schnorrkel.NewSigningContext([]byte("substrate"), l.Message))
	return err == nil && holds
}

func (l *Line) vrf(transcript *merlin.Transcript) bool {
	if len(l.Signature) != 96 {
		return false
	}
	key, err := publicKey(l.Public)
	if err != nil {
		return false
	}
	output, err := schnorrkel.NewOutput([32]byte(l.Signature[:32]))
	if err != nil {
		return false
	}
	var proof schnorrkel.VrfProof
	if proof.Decode([64]byte(l.Signature[32:])) != nil {
		return false
	}
	holds, err := key.VrfVerify(transcript, output, &proof)
	return err == nil && holds
}

func publicKey(encoded []byte) (*schnorrkel.PublicKey, error) {
	if len(encoded) != 32 {
		return nil, errors.New("a public key has 32 bytes")
	}
	key := new(schnorrkel.PublicKey)
	return key, key.Decode([32]byte(encoded))
}

// recovers says whether the public key comes out of signature and recovery id.
func (l *Line) recovers(digest []byte) bool {
	if len(l.Signature) != 65 || l.Signature[64] > 3 {
		return false
	}
	compact := append([]byte{27 + 4 + l.Signature[64]}, l.Signature[:64]...)
	key, _, err := ecdsa.RecoverCompact(compact, digest)
	return err == nil && bytes.Equal(key.SerializeCompressed(), l.Public)
}

func (t *Transcript) build() (*merlin.Transcript, error) {
	if t == nil {
		return nil, errors.New("a VRF without a transcript")
	}
	transcript := merlin.NewTranscript(t.Label)
	for _, item := range t.Items {
		switch {
		case item.Bytes != nil && item.U64 == nil:
			transcript.AppendMessage([]byte(item.Label), *item.Bytes)
		case item.Bytes == nil && item.U64 != nil:
			number, err := strconv.ParseUint(*item.U64, 10, 64)
			if err != nil {
				return nil, err
			}
			transcript.AppendMessage([]byte(item.Label), binary.LittleEndian.AppendUint64(nil, number))
		default:
			return nil, fmt.Errorf("the item %s has not one value", item.Label)
		}
	}
	return transcript, nil
}
