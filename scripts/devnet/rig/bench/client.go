package bench

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/opsign/opsign/scripts/devnet/rig/engine"
)

// client takes the time of a call from the first byte sent to the last one received; what it costs to
// write and read JSON is left out, since it is the same on every path.
type client struct {
	url    string
	secret engine.Secret
	http   *http.Client
	buffer bytes.Buffer
}

func newClient(url string, secret engine.Secret) *client {
	// op-node's HTTP client takes gzip; an engine that answers at once has none.
	transport := &http.Transport{DisableCompression: true, WriteBufferSize: 64 << 10, ReadBufferSize: 64 << 10}
	return &client{url: url, secret: secret, http: &http.Client{Transport: transport}}
}

// call returns the result, which is valid until the next call.
func (c *client) call(method string, params ...string) ([]byte, time.Duration, error) {
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"%s","params":[%s]}`, method, strings.Join(params, ","))
	token := "Bearer " + c.secret.Token(time.Now())
	c.buffer.Reset()
	begin := time.Now()
	request, err := http.NewRequest(http.MethodPost, c.url, strings.NewReader(body))
	if err != nil {
		return nil, 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", token)
	response, err := c.http.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close()
	if response.ContentLength > 0 {
		c.buffer.Grow(int(response.ContentLength) + bytes.MinRead)
	}
	if _, err := c.buffer.ReadFrom(response.Body); err != nil {
		return nil, 0, err
	}
	took := time.Since(begin)
	_, _ = io.Copy(io.Discard, response.Body) // nothing is left
	_, result, found := bytes.Cut(c.buffer.Bytes(), []byte(`"result":`))
	if !found {
		return nil, 0, fmt.Errorf("HTTP %d: %.200s", response.StatusCode, c.buffer.Bytes())
	}
	return bytes.TrimRight(result, "}\n"), took, nil
}
