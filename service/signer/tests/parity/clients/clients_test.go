package clients

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/log"
	"github.com/holiman/uint256"

	"github.com/ethereum-optimism/optimism/op-node/p2p"
	opcrypto "github.com/ethereum-optimism/optimism/op-service/crypto"
	"github.com/ethereum-optimism/optimism/op-service/eth"
	"github.com/ethereum-optimism/optimism/op-service/signer"
	optls "github.com/ethereum-optimism/optimism/op-service/tls"
	"github.com/ethereum-optimism/optimism/op-service/txmgr"

	"github.com/opsign/opsign/service/signer/tests/parity/exchange"
)

var (
	endpoint exchange.Endpoint
	agent    bool
	one      = common.HexToAddress(AddressOne)
	ten      = eth.ChainIDFromUInt64(10)
	logger   = log.NewLogger(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
)

func TestMain(m *testing.M) {
	flag.StringVar(&endpoint.Address, "address", "", "host:port of a signer")
	flag.StringVar(&endpoint.Folder, "folder", "", "made by scripts/signer-folder.sh")
	flag.BoolVar(&agent, "agent", false, "the address is an agent's: plain HTTP, and no certificates to show")
	flag.Parse()
	if endpoint.Address == "" || endpoint.Folder == "" {
		fmt.Fprintln(os.Stderr, "these tests ask a running signer: -args -address HOST:PORT -folder FOLDER")
		os.Exit(2)
	}
	os.Exit(m.Run())
}

// each runs a test with an RSA and with an ECDSA certificate, or once where an agent has the certificate.
func each(t *testing.T, test func(*testing.T, signer.CLIConfig)) {
	if agent {
		config := Config(endpoint, "localhost")
		config.Endpoint = "http://" + endpoint.Address
		config.TLSConfig = optls.CLIConfig{}
		test(t, config)
		return
	}
	for _, client := range []string{"localhost", "localhost-ecdsa"} {
		t.Run(client, func(t *testing.T) { test(t, Config(endpoint, client)) })
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func checkBlockSignature(t *testing.T, hash common.Hash, signature eth.Bytes65) {
	t.Helper()
	message := signer.BlockSigningMessage{Domain: signer.SigningDomainBlocksV1, ChainID: ten, PayloadHash: hash}
	signingHash := message.ToSigningHash()
	key := must[[]byte](t)(crypto.Ecrecover(signingHash[:], signature[:]))
	if got := common.BytesToAddress(crypto.Keccak256(key[1:])[12:]); got != one {
		t.Fatalf("signed by %s, not %s", got, one)
	}
	// RFC 6979: op-signer's LOCAL provider gives the same signature for the same hash.
	known := must[[]byte](t)(crypto.Sign(signingHash[:], keyOne(t)))
	if common.Bytes2Hex(known) != common.Bytes2Hex(signature[:]) {
		t.Fatalf("signature %x, not %x", signature, known)
	}
}

func TestSignerClient(t *testing.T) {
	each(t, func(t *testing.T, config signer.CLIConfig) {
		client := must[*signer.SignerClient](t)(signer.NewSignerClientFromConfig(logger, config))
		defer client.Close()
		hash := crypto.Keccak256Hash([]byte("a payload"))
		for _, sender := range []*common.Address{nil, &one} {
			signature := must[eth.Bytes65](t)(client.SignBlockPayload(context.Background(), &signer.BlockPayloadArgs{
				Domain: signer.SigningDomainBlocksV1, ChainID: ten.ToBig(), PayloadHash: hash[:], SenderAddress: sender}))
			checkBlockSignature(t, hash, signature)
			signature = must[eth.Bytes65](t)(client.SignBlockPayloadV2(context.Background(), &signer.BlockPayloadArgsV2{
				Domain: signer.SigningDomainBlocksV1, ChainID: ten, PayloadHash: hash, SenderAddress: sender}))
			checkBlockSignature(t, hash, signature)
		}
		// Refused, and the client lives on.
		if _, err := client.SignBlockPayload(context.Background(), &signer.BlockPayloadArgs{
			ChainID: big.NewInt(11), PayloadHash: hash[:], SenderAddress: &one}); err == nil {
			t.Fatal("signed for another chain")
		}
		signature := must[eth.Bytes65](t)(client.SignBlockPayload(context.Background(), &signer.BlockPayloadArgs{
			ChainID: ten.ToBig(), PayloadHash: hash[:], SenderAddress: &one}))
		checkBlockSignature(t, hash, signature)
	})
}

// The same as `--signer.*` of op-node, up to the check that its gossip peers make.
func TestRemoteSigner(t *testing.T) {
	each(t, func(t *testing.T, config signer.CLIConfig) {
		remote := must[*signer.RemoteSigner](t)(signer.NewRemoteSigner(logger, config))
		setup := p2p.PreparedSigner{Signer: remote}
		prepared := must[p2p.Signer](t)(setup.SetupSigner(context.Background()))
		hash := signer.PayloadHash([]byte("another payload"))
		signature := must[eth.Bytes65](t)(prepared.SignBlockV1(context.Background(), ten, hash))
		checkBlockSignature(t, hash, signature)
		auth := &signer.OPStackP2PBlockAuthV1{Allowed: one, Chain: ten}
		if err := auth.VerifyP2PBlockSignature(hash, signature); err != nil {
			t.Fatal(err)
		}
		if err := prepared.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := prepared.SignBlockV1(context.Background(), ten, hash); err == nil {
			t.Fatal("signed after Close")
		}
	})
}

func TestTransactionManagerPath(t *testing.T) {
	each(t, func(t *testing.T, config signer.CLIConfig) {
		sign := transactionSigner(t, config)
		for name, data := range transactions(t) {
			t.Run(name, func(t *testing.T) { checkTransaction(t, sign, data) })
		}
		other := types.NewTx(&types.DynamicFeeTx{ChainID: ten.ToBig()})
		if _, err := sign(context.Background(), common.Address{1}, other); err == nil {
			t.Fatal("signed for another address")
		}
	})
}

// Of a client that may; with an op-signer everybody may.
func TestContractCreation(t *testing.T) {
	create := dynamicFee()
	create.To = nil
	checkTransaction(t, transactionSigner(t, Config(endpoint, "creator")), create)
}

func transactionSigner(t *testing.T, config signer.CLIConfig) opcrypto.SignerFn {
	factory, from, err := opcrypto.SignerFactoryFromConfig(logger, "", "", "", config)
	if err != nil {
		t.Fatal(err)
	}
	if from != one {
		t.Fatalf("from is %s", from)
	}
	return factory(ten.ToBig())
}

func checkTransaction(t *testing.T, sign opcrypto.SignerFn, data types.TxData) {
	unsigned := types.NewTx(data)
	signed := must[*types.Transaction](t)(sign(context.Background(), one, unsigned))
	recover := types.LatestSignerForChainID(ten.ToBig())
	if got := must[common.Address](t)(types.Sender(recover, signed)); got != one {
		t.Fatalf("signed by %s", got)
	}
	if recover.Hash(signed) != recover.Hash(unsigned) {
		t.Fatal("another transaction was signed")
	}
	if (unsigned.BlobTxSidecar() == nil) != (signed.BlobTxSidecar() == nil) {
		t.Fatal("the sidecar is lost")
	}
	known := must[*types.Transaction](t)(types.SignTx(unsigned, recover, keyOne(t)))
	if known.Hash() != signed.Hash() {
		t.Fatalf("signed as %s, not %s", signed.Hash(), known.Hash())
	}
}

// Where batches are sent.
var inbox = common.HexToAddress("0xff00000000000000000000000000000000000010")

func dynamicFee() *types.DynamicFeeTx {
	return &types.DynamicFeeTx{ChainID: big.NewInt(10), Nonce: 3, GasTipCap: big.NewInt(1e9), GasFeeCap: big.NewInt(3e9),
		Gas: 100_000, To: &inbox, Value: big.NewInt(0), Data: []byte("calldata")}
}

// What op-batcher, op-proposer and op-challenger send, and set-code transactions.
func transactions(t *testing.T) map[string]types.TxData {
	chain := uint256.NewInt(10)
	withList := dynamicFee()
	withList.AccessList = types.AccessList{{Address: inbox, StorageKeys: []common.Hash{{1}, {2}}}}
	var blob eth.Blob
	if err := blob.FromData([]byte("a frame")); err != nil {
		t.Fatal(err)
	}
	sidecars := map[string]*types.BlobTxSidecar{}
	hashes := map[string][]common.Hash{}
	for name, cellProofs := range map[string]bool{"blob with blob proofs": false, "blob with cell proofs": true} {
		sidecar, versioned, err := txmgr.MakeSidecar([]*eth.Blob{&blob, &blob}, cellProofs)
		if err != nil {
			t.Fatal(err)
		}
		sidecars[name], hashes[name] = sidecar, versioned
	}
	authorization := must[types.SetCodeAuthorization](t)(types.SignSetCode(keyOne(t),
		types.SetCodeAuthorization{ChainID: *chain, Address: inbox, Nonce: 1}))
	all := map[string]types.TxData{
		"dynamic fee":                     dynamicFee(),
		"dynamic fee with an access list": withList,
		"set code": &types.SetCodeTx{ChainID: chain, Nonce: 5, GasTipCap: uint256.NewInt(1), GasFeeCap: uint256.NewInt(2), Gas: 80_000,
			To: inbox, Value: uint256.NewInt(7), AuthList: []types.SetCodeAuthorization{authorization, authorization}},
	}
	for name := range sidecars {
		all[name] = &types.BlobTx{ChainID: chain, Nonce: 4, GasTipCap: uint256.NewInt(1e9), GasFeeCap: uint256.NewInt(3e9), Gas: 21_000,
			To: inbox, Value: uint256.NewInt(0), BlobFeeCap: uint256.NewInt(1e9), BlobHashes: hashes[name], Sidecar: sidecars[name]}
	}
	return all
}

// A client that the server must not know.
func TestRefusedAtStart(t *testing.T) {
	for _, client := range []string{"no-san", "expired", "wrong-ca"} {
		if _, err := signer.NewSignerClientFromConfig(logger, Config(endpoint, client)); err == nil {
			t.Errorf("%s: health_status was answered", client)
		}
	}
}
