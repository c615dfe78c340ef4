package opnode_test

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ethereum-optimism/optimism/op-node/p2p"
	"github.com/ethereum-optimism/optimism/op-service/eth"
	opsigner "github.com/ethereum-optimism/optimism/op-service/signer"

	"github.com/opsign/opsign/bindings-go"
	"github.com/opsign/opsign/bindings-go/opnode"
	"github.com/opsign/opsign/vectors/generate/blocks"
)

var _ p2p.Signer = (*opnode.BlockSigner)(nil)

const now = 1_760_000_000

var (
	chain     = big.NewInt(901)
	sequencer = blocks.TestKey("sequencer")
	stranger  = blocks.TestKey("stranger")
)

func newSigner(t *testing.T, key *ecdsa.PrivateKey) *opnode.BlockSigner {
	t.Helper()
	secret, err := opsign.NewSecretKey(crypto.FromECDSA(key))
	if err != nil {
		t.Fatal(err)
	}
	signer := opnode.NewBlockSigner(secret)
	t.Cleanup(func() { _ = signer.Close() })
	if want := crypto.PubkeyToAddress(key.PublicKey); signer.Address() != want {
		t.Fatalf("the signer has address %s, the key %s", signer.Address(), want)
	}
	return signer
}

func sign(t *testing.T, key *ecdsa.PrivateKey, chainID *big.Int, payload []byte) eth.Bytes65 {
	t.Helper()
	hash := opsigner.PayloadHash(payload)
	signature, err := newSigner(t, key).SignBlockV1(t.Context(), eth.ChainIDFromBig(chainID), hash)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

func buildBlock(t *testing.T, topic blocks.Topic) *blocks.Block {
	t.Helper()
	block, err := blocks.Build(blocks.Spec{Topic: topic, ChainID: chain, Number: 1234, Timestamp: now, Transactions: 7})
	if err != nil {
		t.Fatal(err)
	}
	return block
}

// op-node's own signer is the reference: the signatures are the same bytes.
func TestSignsAsOpNodeDoes(t *testing.T) {
	random := rand.NewChaCha8([32]byte{1})
	largest := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))
	chains := []*big.Int{new(big.Int), big.NewInt(10), chain, new(big.Int).Lsh(big.NewInt(1), 64), largest}
	for i := range 20 {
		key := blocks.TestKey(fmt.Sprint("opnode test ", i))
		local, signer := opsigner.NewLocalSigner(key), newSigner(t, key)
		for _, chain := range chains {
			var hash common.Hash
			_, _ = random.Read(hash[:]) // never fails
			chainID := eth.ChainIDFromBig(chain)
			want, err := local.SignBlockV1(t.Context(), chainID, hash)
			if err != nil {
				t.Fatal(err)
			}
			got, err := signer.SignBlockV1(t.Context(), chainID, hash)
			if err != nil || got != want {
				t.Errorf("key %d, chain %s: op-node signs %x, opsign %x, %v", i, chain, want, got, err)
			}
			auth := opsigner.OPStackP2PBlockAuthV1{Allowed: signer.Address(), Chain: chainID}
			if err := auth.VerifyP2PBlockSignature(hash, got); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestDoneContext(t *testing.T) {
	signer := newSigner(t, sequencer)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	expired, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	for want, ctx := range map[error]context.Context{context.Canceled: cancelled, context.DeadlineExceeded: expired} {
		signature, err := signer.SignBlockV1(ctx, eth.ChainIDFromBig(chain), common.Hash{})
		if !errors.Is(err, want) || signature != (eth.Bytes65{}) {
			t.Errorf("want %v, got %x, %v", want, signature, err)
		}
	}
}

func TestClosedSigner(t *testing.T) {
	signer := newSigner(t, sequencer)
	for range 2 {
		if err := signer.Close(); err != nil {
			t.Error(err)
		}
	}
	signature, err := signer.SignBlockV1(t.Context(), eth.ChainIDFromBig(chain), common.Hash{})
	if !errors.Is(err, opsign.ErrClosed) || signature != (eth.Bytes65{}) {
		t.Errorf("want ErrClosed, got %x, %v", signature, err)
	}
	if _, err := opnode.NewBlockSigner(nil).SignBlockV1(t.Context(), eth.ChainIDFromBig(chain), common.Hash{}); !errors.Is(err, opsign.ErrClosed) {
		t.Errorf("signer of no key: want ErrClosed, got %v", err)
	}
}

func TestSignerSharedByGoroutines(t *testing.T) {
	signer := newSigner(t, sequencer)
	want, err := opsigner.NewLocalSigner(sequencer).SignBlockV1(t.Context(), eth.ChainIDFromBig(chain), common.Hash{7})
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			for range 10 {
				got, err := signer.SignBlockV1(t.Context(), eth.ChainIDFromBig(chain), common.Hash{7})
				if err != nil || got != want {
					t.Errorf("got %x, %v", got, err)
				}
			}
		})
	}
	group.Wait()
}
