module github.com/opsign/opsign/vectors/generate/polkadot/go

go 1.26.0

require (
	github.com/ChainSafe/go-schnorrkel v1.1.0
	github.com/decred/dcrd/dcrec/secp256k1/v4 v4.4.0
	github.com/gtank/merlin v0.1.1
	golang.org/x/crypto v0.56.0
)

require (
	github.com/cosmos/go-bip39 v0.0.0-20180819234021-555e2067c45d // indirect
	github.com/gtank/ristretto255 v0.1.2 // indirect
	github.com/mimoo/StrobeGo v0.0.0-20181016162300-f8f6d4d2b643 // indirect
	golang.org/x/sys v0.47.0 // indirect
)
