package exchange

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"
)

// Longer bodies are kept as a hash.
const longestBody = 4096

// How long one exchange may take.
const patience = 40 * time.Second

var headersThatMatter = []string{
	"Access-Control-Allow-Origin", "Allow", "Content-Encoding", "Content-Type", "Vary",
	"X-Content-Type-Options", "Connection",
}

// Endpoint is a server and the folder (scripts/signer-folder.sh) with its certificates.
type Endpoint struct {
	Address string // host:port
	Folder  string
	// What /healthz calls the server's version; in answers it is replaced by VERSION.
	version string
}

// NewEndpoint asks the server for its version.
func NewEndpoint(address, folder string) (Endpoint, error) {
	e := Endpoint{Address: address, Folder: folder}
	answer, err := e.Send(Request{Client: "none", Method: http.MethodGet, Path: "/healthz"})
	if err != nil {
		return e, err
	}
	var health struct{ Version string }
	if err := json.Unmarshal([]byte(answer.Body), &health); err != nil || health.Version == "" {
		return e, fmt.Errorf("/healthz tells no version: %q", answer.Body)
	}
	e.version = health.Version
	return e, nil
}

// TLS is the configuration of one client. "none" shows no certificate.
func (e Endpoint) TLS(client string) (*tls.Config, error) {
	authority, err := os.ReadFile(filepath.Join(e.Folder, "ca.crt"))
	if err != nil {
		return nil, err
	}
	config := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "localhost", MinVersion: tls.VersionTLS10}
	config.RootCAs.AppendCertsFromPEM(authority)
	if client == "none" {
		return config, nil
	}
	pair, err := tls.LoadX509KeyPair(e.CertificateOf(client), e.KeyOf(client))
	if err != nil {
		return nil, err
	}
	// Not Certificates: Go would hold back one whose authority the server does not name.
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	return config, nil
}

// CertificateOf is a file.
func (e Endpoint) CertificateOf(client string) string {
	return filepath.Join(e.Folder, "client", client+".crt")
}

// KeyOf is a file.
func (e Endpoint) KeyOf(client string) string {
	return filepath.Join(e.Folder, "client", client+".key")
}

// Send sends one request on a connection of its own. An error means that no
// answer came that could be compared.
func (e Endpoint) Send(r Request) (Answer, error) {
	config, err := e.TLS(r.Client)
	if err != nil {
		return Answer{}, err
	}
	switch r.MaxTLS {
	case "1.1":
		config.MaxVersion = tls.VersionTLS11
	case "1.2":
		config.MaxVersion = tls.VersionTLS12
	}
	var response *http.Response
	if r.HTTP2 {
		response, err = e.sendHTTP2(r, config)
	} else {
		var connection net.Conn
		if connection, err = e.dial(r, config); err == nil {
			defer connection.Close()
			response, err = e.sendOn(connection, r)
		}
	}
	var alert *net.OpError
	if errors.As(err, &alert) && alert.Op == "remote error" {
		return Answer{Refused: alert.Err.Error()}, nil
	}
	if err != nil {
		return Answer{}, err
	}
	answer, err := read(response)
	if e.version != "" {
		answer.Body = strings.ReplaceAll(answer.Body, `"`+e.version+`"`, `"VERSION"`)
	}
	return answer, err
}

func (e Endpoint) dial(r Request, config *tls.Config) (net.Conn, error) {
	plain, err := net.DialTimeout("tcp", e.Address, patience)
	if err != nil {
		return nil, err
	}
	if err := plain.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if r.PlainText {
		return plain, nil
	}
	secure := tls.Client(plain, config)
	if err := secure.Handshake(); err != nil {
		plain.Close()
		return nil, err
	}
	return secure, nil
}

func (e Endpoint) sendOn(connection net.Conn, r Request) (*http.Response, error) {
	request, err := e.httpRequest(r)
	if err != nil {
		return nil, err
	}
	// A server that refuses may close before all is written: what it said counts.
	if r.Raw != "" {
		_, _ = io.WriteString(connection, strings.ReplaceAll(r.Raw, "HOST", e.Address))
	} else {
		_ = request.Write(connection)
	}
	answers := bufio.NewReader(connection)
	for {
		response, err := http.ReadResponse(answers, request)
		if err != nil || response.StatusCode != http.StatusContinue {
			return response, err
		}
	}
}

func (e Endpoint) sendHTTP2(r Request, config *tls.Config) (*http.Response, error) {
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true, DisableCompression: true}
	defer transport.CloseIdleConnections()
	request, err := e.httpRequest(r)
	if err != nil {
		return nil, err
	}
	response, err := (&http.Client{Transport: transport, Timeout: patience}).Do(request)
	if err != nil {
		return nil, err
	}
	if response.ProtoMajor != 2 {
		return nil, fmt.Errorf("the server spoke %s, not HTTP/2", response.Proto)
	}
	body, err := io.ReadAll(response.Body)
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, err
}

func (e Endpoint) httpRequest(r Request) (*http.Request, error) {
	method := r.Method
	if method == "" {
		method = http.MethodPost
	}
	request, err := http.NewRequest(method, "https://"+e.Address+r.Path, bytes.NewReader(r.WholeBody()))
	if err != nil {
		return nil, err
	}
	if r.Chunked {
		request.ContentLength = -1
	}
	request.Header.Set("User-Agent", "opsign-parity")
	for _, header := range r.Headers {
		request.Header.Add(header[0], header[1])
	}
	return request, nil
}

func read(response *http.Response) (Answer, error) {
	defer response.Body.Close()
	answer := Answer{Status: response.StatusCode, Headers: map[string]string{}}
	for _, name := range headersThatMatter {
		if values := response.Header.Values(name); len(values) > 0 {
			answer.Headers[name] = strings.Join(values, ", ")
		}
	}
	if response.Close && response.ProtoMajor == 1 {
		answer.Headers["Connection"] = "close"
	}
	stream := io.Reader(response.Body)
	if response.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(response.Body)
		if err != nil {
			return answer, fmt.Errorf("the answer says gzip and is not: %w", err)
		}
		stream = unzipped
	}
	body, err := io.ReadAll(stream)
	if err != nil {
		return answer, err
	}
	switch {
	case len(body) > longestBody:
		sum := sha256.Sum256(body)
		answer.BodyLength, answer.BodySHA256 = len(body), hex.EncodeToString(sum[:])
	case utf8.Valid(body):
		answer.Body = string(body)
	default:
		answer.BodyHex = hex.EncodeToString(body)
	}
	return answer, nil
}
