// Package engine speaks to an execution engine's authenticated port the way op-node does.
package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// Client asks one port. Without a secret it sends no token (the public port).
type Client struct {
	URL    string
	secret Secret
	http   *http.Client
	id     atomic.Uint64
}

// Error is a JSON-RPC error.
type Error struct {
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
}

func (e *Error) Error() string { return fmt.Sprintf("error %d: %s", e.Code, e.Message) }

// New makes a client with connections of its own.
func New(url string, secret Secret) *Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	return &Client{URL: url, secret: secret, http: &http.Client{Transport: transport}}
}

// Close ends the idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Post sends a body and reads the answer's.
func (c *Client) Post(ctx context.Context, body []byte) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if c.secret != nil {
		request.Header.Set("Authorization", "Bearer "+c.secret.Token(time.Now()))
	}
	response, err := c.http.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// Call makes one JSON-RPC call; what the engine refuses is an *Error.
func (c *Client) Call(ctx context.Context, method string, params ...any) (json.RawMessage, error) {
	if params == nil {
		params = []any{}
	}
	id := c.id.Add(1)
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": id, "method": method, "params": params})
	if err != nil {
		return nil, err
	}
	status, answer, err := c.Post(ctx, body)
	if err != nil {
		return nil, err
	}
	var reply struct {
		ID     json.RawMessage `json:"id"`
		Result json.RawMessage `json:"result"`
		Error  *Error          `json:"error"`
	}
	if err := json.Unmarshal(answer, &reply); err != nil {
		return nil, fmt.Errorf("%s: HTTP %d, no JSON: %.80q", method, status, answer)
	}
	if reply.Error != nil {
		return nil, reply.Error
	}
	if string(reply.ID) != fmt.Sprint(id) {
		return nil, fmt.Errorf("%s: asked with id %d, answered with id %s", method, id, reply.ID)
	}
	return reply.Result, nil
}
