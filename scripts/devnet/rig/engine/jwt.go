package engine

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"time"
)

// Secret is what both ends of an engine port share.
type Secret []byte

// ReadSecret reads 32 bytes of hex from a file.
func ReadSecret(file string) (Secret, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	secret, err := hex.DecodeString(strings.TrimPrefix(strings.TrimSpace(string(text)), "0x"))
	if err != nil || len(secret) != 32 {
		return nil, fmt.Errorf("%s does not hold 32 bytes of hex", file)
	}
	return secret, nil
}

// Token is a JSON Web Token issued at a time.
func (s Secret) Token(at time.Time) string {
	return s.Sign(`{"alg":"HS256","typ":"JWT"}`, fmt.Sprintf(`{"iat":%d}`, at.Unix()))
}

// Sign makes a token of any header and claims, wrong ones too.
func (s Secret) Sign(header, claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(header)) + "." + encode([]byte(claims))
	mac := hmac.New(sha256.New, s)
	mac.Write([]byte(text))
	return text + "." + encode(mac.Sum(nil))
}
