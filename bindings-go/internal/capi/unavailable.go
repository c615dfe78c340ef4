//go:build !cgo || !(opsign_system || (linux && (amd64 || arm64)) || (darwin && arm64))

package capi

// Available says whether this build has the C library.
const Available = false

// unavailable is OPSIGN_ERROR_UNAVAILABLE, the answer of every call in this build.
const unavailable int32 = 6

// SecretKey is a handle, which this build cannot make.
type SecretKey struct{}

// PayloadHasher is a handle, which this build cannot make.
type PayloadHasher struct{}

// GossipMemory is a handle, which this build cannot make.
type GossipMemory struct{}

// Verifier is a handle, which this build cannot make.
type Verifier struct{}

// Version is empty: there is no library.
func Version() string { return "" }

// ErrorName knows only the error of this build.
func ErrorName(code int32) string {
	if code == unavailable {
		return "unavailable"
	}
	return "unknown"
}

// ErrorMessage knows only the error of this build.
func ErrorMessage(code int32) string {
	if code == unavailable {
		return "this build has no signing library: build with cgo enabled"
	}
	return "only builds with cgo enabled know this error's text"
}

func NewSecretKey(*SecretKey, []byte) int32                                { return unavailable }
func FreeSecretKey(SecretKey)                                              {}
func SecretKeyAddress(SecretKey, *[20]byte) int32                          { return unavailable }
func SignPayload(SecretKey, *[32]byte, *[32]byte, *[65]byte) int32         { return unavailable }
func ChainIDFromText(string, *[32]byte) int32                              { return unavailable }
func AddressFromText(string, *[20]byte) int32                              { return unavailable }
func AddressToText(*[20]byte, *[43]byte) int32                             { return unavailable }
func PayloadHash([]byte, *[32]byte) int32                                  { return unavailable }
func NewPayloadHasher(*PayloadHasher) int32                                { return unavailable }
func UpdatePayloadHasher(PayloadHasher, []byte) int32                      { return unavailable }
func FinishPayloadHasher(PayloadHasher, *[32]byte) int32                   { return unavailable }
func FreePayloadHasher(PayloadHasher)                                      {}
func PayloadSigningHash(_, _, _ *[32]byte) int32                           { return unavailable }
func RecoverSigner(_, _ *[32]byte, _ []byte, _ int32, _ *[20]byte) int32   { return unavailable }
func VerifyPayload(_, _ *[32]byte, _ []byte, _ int32, _ *[20]byte) int32   { return unavailable }
func NewVerifier(*Verifier, *[20]byte) int32                               { return unavailable }
func FreeVerifier(Verifier)                                                {}
func VerifierVerify(_ Verifier, _, _ *[32]byte, _ []byte, _ int32) int32   { return unavailable }
func VerifierVerifyMany(Verifier, *[32]byte, []byte, int32, []int32) int32 { return unavailable }
func TransactionHash([]byte, *[32]byte) int32                              { return unavailable }
func TransactionSender([]byte, *[20]byte) int32                            { return unavailable }
func SignTransaction(SecretKey, []byte, []byte, *int) int32                { return unavailable }
func PersonalMessageHash([]byte, *[32]byte) int32                          { return unavailable }
func SignPersonalMessage(SecretKey, []byte, *[65]byte) int32               { return unavailable }
func PersonalMessageSigner(_, _ []byte, _ *[20]byte) int32                 { return unavailable }
func TypedDataHash([]byte, *[32]byte) int32                                { return unavailable }
func SignTypedData(SecretKey, []byte, *[65]byte) int32                     { return unavailable }
func TypedDataSigner(_, _ []byte, _ *[20]byte) int32                       { return unavailable }
func NewGossipMemory(*GossipMemory) int32                                  { return unavailable }
func FreeGossipMemory(GossipMemory)                                        {}
func GossipValidate(*GossipConfig, uint64, []byte, GossipMemory, *Judgement) int32 {
	return unavailable
}
func GossipReasonName(int32) string                        { return "unknown" }
func RecogniseKey([]byte, *int32) int32                    { return unavailable }
func KeyFormatName(int32) string                           { return "unknown" }
func ReadSecretKey(*SecretKey, *KeyInput) int32            { return unavailable }
func ConvertKey(*KeyInput, *KeyOutput, []byte, *int) int32 { return unavailable }

func TransactionDecode([]byte, *Transaction) int32                               { return unavailable }
func TransactionSigningHash([]byte, *[32]byte) int32                             { return unavailable }
func TransactionAccessList([]byte, []AccessItem, *int) int32                     { return unavailable }
func TransactionAuthorizations([]byte, []SignedAuthorization, *int) int32        { return unavailable }
func AuthorizationHash(*[32]byte, *[20]byte, uint64, *[32]byte) int32            { return unavailable }
func SignAuthorization(SecretKey, *[32]byte, *[20]byte, uint64, *[65]byte) int32 { return unavailable }
func AuthorizationSigner(*[32]byte, *[20]byte, uint64, []byte, *[20]byte) int32  { return unavailable }
func GossipDecompressedLen([]byte, *int) int32                                   { return unavailable }
func GossipDecompress(_, _ []byte) int32                                         { return unavailable }
func GossipDecode(int32, []byte, *GossipBlock) int32                             { return unavailable }
func GossipTransactions(int32, []byte, []Span, *int) int32                       { return unavailable }
func L1InfoFromTransaction([]byte, *L1Info) int32                                { return unavailable }
