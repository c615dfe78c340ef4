// Package opnode lets op-node sign its blocks with opsign.
//
// [BlockSigner] stands where op-node's LocalSigner stands, and makes the same
// signatures, byte for byte:
//
//	setup := &p2p.PreparedSigner{Signer: opnode.NewBlockSigner(key)}
package opnode

import (
	"context"

	"github.com/ethereum/go-ethereum/common"

	"github.com/ethereum-optimism/optimism/op-service/eth"
	opsigner "github.com/ethereum-optimism/optimism/op-service/signer"

	"github.com/opsign/opsign/bindings-go"
)

// BlockSigner signs the blocks that op-node gossips. Any number of goroutines
// may use one at a time.
type BlockSigner struct{ key *opsign.SecretKey }

var _ opsigner.BlockSigner = (*BlockSigner)(nil)

// NewBlockSigner makes a signer that owns the key from now on: closing the
// signer closes the key.
func NewBlockSigner(key *opsign.SecretKey) *BlockSigner { return &BlockSigner{key} }

// Address is the address that op-node's peers must know as the block signer.
func (s *BlockSigner) Address() common.Address { return common.Address(s.key.Address()) }

// SignBlockV1 implements op-node's BlockSigner: r, s and the y parity over the
// domain of zeroes, the chain id and the payload hash. A context that is done
// gives its error, a closed signer opsign.ErrClosed.
func (s *BlockSigner) SignBlockV1(ctx context.Context, chainID eth.ChainID, payloadHash common.Hash) (eth.Bytes65, error) {
	if err := ctx.Err(); err != nil {
		return eth.Bytes65{}, err
	}
	signature, err := s.key.SignPayload(chainID.Bytes32(), opsign.Hash(payloadHash))
	return eth.Bytes65(signature), err
}

// Close wipes the key. It never fails and may be called again.
func (s *BlockSigner) Close() error { return s.key.Close() }
