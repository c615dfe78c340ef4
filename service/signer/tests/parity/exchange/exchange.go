// Package exchange is one request to a signer and what came back: the form in
// which vectors/opsigner holds them, and how they are sent.
package exchange

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"strings"
)

// Request says all that goes over the wire, but for the port and the certificates.
type Request struct {
	Client string `json:"client"` // whose certificate is shown; "none" shows none
	// What follows `host:port`; "/" if empty.
	Path    string      `json:"path,omitempty"`
	Method  string      `json:"method,omitempty"` // POST if empty
	Headers [][2]string `json:"headers,omitempty"`
	Body    string      `json:"body,omitempty"`
	BodyHex string      `json:"body_hex,omitempty"` // instead of Body, if it is no text
	Repeat  *Repeat     `json:"body_repeat,omitempty"`
	Chunked bool        `json:"chunked,omitempty"`
	HTTP2   bool        `json:"http2,omitempty"`
	// The whole request as it stands on the wire, instead of all the above but Client.
	// HOST stands for the server's host and port.
	Raw string `json:"raw,omitempty"`
	// Without TLS, to a port that speaks it; only with Raw.
	PlainText bool   `json:"plain_text,omitempty"`
	MaxTLS    string `json:"max_tls,omitempty"` // "1.1" or "1.2"; 1.3 if empty
}

// Repeat continues a body: Unit, Times over, then Tail.
type Repeat struct {
	Unit  string `json:"unit"`
	Times int    `json:"times"`
	Tail  string `json:"tail"`
}

// WholeBody is what is sent.
func (r Request) WholeBody() []byte {
	if r.BodyHex != "" {
		body, err := hex.DecodeString(r.BodyHex)
		if err != nil {
			panic(err)
		}
		return body
	}
	if r.Repeat == nil {
		return []byte(r.Body)
	}
	return []byte(r.Body + strings.Repeat(r.Repeat.Unit, r.Repeat.Times) + r.Repeat.Tail)
}

// Answer is what a caller can see. Either Refused or the rest.
type Answer struct {
	Refused string            `json:"refused,omitempty"` // the TLS alert that ended the connection
	Status  int               `json:"status,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`  // the ones of headersThatMatter
	Body    string            `json:"body,omitempty"`     // decompressed, if it came compressed
	BodyHex string            `json:"body_hex,omitempty"` // instead of Body, if it is no text
	// Of a body too long to keep: its length and hash.
	BodyLength int    `json:"body_length,omitempty"`
	BodySHA256 string `json:"body_sha256,omitempty"`
}

// Equal says whether two answers look alike to a caller.
func (a Answer) Equal(other Answer) bool {
	return maps.Equal(a.Headers, other.Headers) && a.Refused == other.Refused && a.Status == other.Status &&
		a.Body == other.Body && a.BodyHex == other.BodyHex && a.BodyLength == other.BodyLength && a.BodySHA256 == other.BodySHA256
}

// Case is a request with a reason and the peer's answer.
type Case struct {
	Name    string  `json:"name"`
	Comment string  `json:"comment"`
	Request Request `json:"request"`
	Answer  Answer  `json:"answer"`
}

// File is one file of vectors/opsigner, laid out as all of vectors/ is.
type File struct {
	Description string `json:"description"`
	Source      string `json:"source"`
	Generator   string `json:"generator"`
	Count       int    `json:"count"`
	Cases       []Case `json:"cases"`
}

// Difference is one way in which opsign means to answer otherwise than the peer.
type Difference struct {
	Reason  string            `json:"reason"`  // stands in docs/parity.md, word for word
	Answers map[string]Answer `json:"answers"` // by the names of cases: what opsign answers
}

// Differences is vectors/opsigner/differences.json.
type Differences struct {
	Description string       `json:"description"`
	Count       int          `json:"count"`
	Cases       []Difference `json:"cases"`
}

// ReadFile reads one file and checks its count.
func ReadFile(path string) (File, error) {
	var file File
	if err := ReadJSON(path, &file); err != nil {
		return file, err
	}
	if file.Count != len(file.Cases) {
		return file, fmt.Errorf("%s says it has %d cases and has %d", path, file.Count, len(file.Cases))
	}
	return file, nil
}

// ReadJSON refuses unknown fields.
func ReadJSON(path string, into any) error {
	data, err := os.Open(path)
	if err != nil {
		return err
	}
	defer data.Close()
	decoder := json.NewDecoder(data)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
