package opsign

import "github.com/opsign/opsign/bindings-go/internal/capi"

// KeyFormat is a format that secret keys are stored in.
type KeyFormat int32

// The formats that [ReadSecretKey] reads. [ConvertKey] writes KeyFormatHex,
// KeyFormatSEC1PEM, KeyFormatPKCS8PEM and KeyFormatKeystore.
const (
	KeyFormatHex      KeyFormat = 1 // 64 hex digits, with or without 0x
	KeyFormatRaw      KeyFormat = 2 // 32 bytes, big-endian
	KeyFormatSEC1PEM  KeyFormat = 3 // SEC 1 in PEM (RFC 5915)
	KeyFormatSEC1DER  KeyFormat = 4 // SEC 1 in DER
	KeyFormatPKCS8PEM KeyFormat = 5 // PKCS#8 in PEM (RFC 5208, RFC 5958)
	KeyFormatPKCS8DER KeyFormat = 6 // PKCS#8 in DER
	KeyFormatKeystore KeyFormat = 7 // an Ethereum keystore of version 3
	KeyFormatMnemonic KeyFormat = 8 // a mnemonic (BIP-39)
)

// String is the format's name, such as "sec1_pem".
func (f KeyFormat) String() string { return capi.KeyFormatName(int32(f)) }

// KDF says how much work it takes to open a keystore that is written.
type KDF int32

const (
	// KDFStandard is scrypt as geth has it: 256 MiB and about a second.
	KDFStandard KDF = 0
	// KDFLight is scrypt as geth --lightkdf has it: 4 MiB. A weak passphrase is
	// guessed that much faster.
	KDFLight KDF = 1
)

// KeyOptions are what some formats need besides the file. One that the format
// has no use for is [ErrKeyOptionUnused].
type KeyOptions struct {
	// Passphrase of a keystore or mnemonic, UTF-8. Nil is none; an empty slice
	// that is not nil is the empty one. The caller wipes it.
	Passphrase []byte
	// HDPath says which key of a mnemonic, such as m/44'/60'/0'/0/0, the default.
	HDPath string
}

// KeyOutput is how a key is to be written.
type KeyOutput struct {
	Format     KeyFormat
	Passphrase []byte // of a keystore; nil for the other formats
	KDF        KDF    // of a keystore
}

// RecogniseKey says in which format a key is, without opening it.
func RecogniseKey(contents []byte) (KeyFormat, error) {
	var format int32
	code := capi.RecogniseKey(contents, &format)
	return KeyFormat(format), check("RecogniseKey", code)
}

// ReadSecretKey reads a key from the contents of a file in any format. What is
// said of [NewSecretKey] holds here, too: the caller wipes the contents and
// closes the key.
//
// A keystore takes the time and memory that it asks for, up to 1 GiB and some
// ten seconds.
func ReadSecretKey(contents []byte, options KeyOptions) (*SecretKey, error) {
	key := new(SecretKey)
	input := capi.KeyInput{Bytes: contents, Passphrase: options.Passphrase, HDPath: options.HDPath}
	return key.take("ReadSecretKey", capi.ReadSecretKey(&key.handle, &input))
}

// ConvertKey gives a key in another format, as text for a new file of mode
// 0600, which the caller wipes. A [SecretKey] cannot be written out, only what
// it was read from; 32 random bytes are a key in the format raw.
func ConvertKey(contents []byte, options KeyOptions, output KeyOutput) ([]byte, error) {
	input := capi.KeyInput{Bytes: contents, Passphrase: options.Passphrase, HDPath: options.HDPath}
	out := capi.KeyOutput{Format: int32(output.Format), KDF: int32(output.KDF), Passphrase: output.Passphrase}
	text, length := make([]byte, capi.KeyTextRoom), 0
	code := capi.ConvertKey(&input, &out, text, &length)
	return text[:length], check("ConvertKey", code)
}
