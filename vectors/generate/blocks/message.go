package blocks

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"math/big"

	"github.com/golang/snappy"

	"github.com/ethereum-optimism/optimism/op-service/eth"
	opsigner "github.com/ethereum-optimism/optimism/op-service/signer"
)

// SignatureLength is the length of a block signature: r, s and the y parity.
const SignatureLength = 65

// MaxMessageLength is the most bytes that op-node lets a message decompress to.
const MaxMessageLength = 10 << 20

// Sign signs the bytes of a block as op-node does with a key of its own.
func Sign(key *ecdsa.PrivateKey, chainID *big.Int, encoded []byte) (eth.Bytes65, error) {
	signer := opsigner.NewLocalSigner(key)
	return signer.SignBlockV1(context.Background(), eth.ChainIDFromBig(chainID), opsigner.PayloadHash(encoded))
}

// EncodeMessage makes the gossip message of a signed block: the signature and
// the block's bytes, compressed with snappy's block format.
func EncodeMessage(signature eth.Bytes65, encoded []byte) []byte {
	plain := make([]byte, 0, SignatureLength+len(encoded))
	plain = append(plain, signature[:]...)
	plain = append(plain, encoded...)
	return snappy.Encode(nil, plain)
}

// DecodeMessage takes a gossip message apart. It allocates no more than op-node
// would.
func DecodeMessage(message []byte) (signature eth.Bytes65, encoded []byte, err error) {
	length, err := snappy.DecodedLen(message)
	if err != nil {
		return signature, nil, fmt.Errorf("reading the length that the message declares: %w", err)
	}
	if length > MaxMessageLength {
		return signature, nil, fmt.Errorf("the message declares %d bytes, at most %d are allowed", length, MaxMessageLength)
	}
	plain, err := snappy.Decode(nil, message)
	if err != nil {
		return signature, nil, fmt.Errorf("decompressing the message: %w", err)
	}
	if len(plain) <= SignatureLength {
		return signature, nil, errors.New("the message holds no more than a signature")
	}
	copy(signature[:], plain)
	return signature, plain[SignatureLength:], nil
}
