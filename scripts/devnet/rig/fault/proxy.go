// Package fault stands before a builder's engine and spoils what it says.
package fault

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/ethereum/go-ethereum/common"

	"github.com/opsign/opsign/scripts/devnet/rig/engine"
)

// Fault is what is done to calls. The zero value passes them.
type Fault struct {
	Mode    string   `json:"mode"`
	Millis  int      `json:"ms,omitempty"`      // of `delay`, and between two bytes of `trickle`
	Methods []string `json:"methods,omitempty"` // beginnings of methods' names; none: all
}

// Proxy listens on one address while it lives, and keeps it when it dies.
type Proxy struct {
	address string
	target  string
	own     *engine.Client
	http    *http.Client

	lock   sync.Mutex
	server *http.Server // nil while dead
	fault  Fault
	change chan struct{} // closed when the fault changes, which ends what hangs
	stats  Stats
	stale  []byte // the result of the getPayload before the last one
	last   []byte
	asked  json.RawMessage // the fee recipient that a hidden one stands behind
}

// Stats is what went through since the proxy was made.
type Stats struct {
	Calls   map[string]int `json:"calls"`   // by method
	Spoiled map[string]int `json:"spoiled"` // by mode: what was done to calls that it applies to
	Handed  common.Hash    `json:"handed"`  // the hash of the last block that getPayload gave
}

// New starts a proxy before the engine at `target`, whose secret its own calls need.
func New(address, target string, secret engine.Secret) (*Proxy, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: 16, DisableCompression: true}
	p := &Proxy{
		address: address, target: target, own: engine.New(target, secret),
		http:   &http.Client{Transport: transport},
		change: make(chan struct{}),
		stats:  Stats{Calls: map[string]int{}, Spoiled: map[string]int{}},
	}
	return p, p.listen()
}

// Set changes what happens to calls from now on. `die` ends the listener with all connections; any
// other mode after it is the restart.
func (p *Proxy) Set(fault Fault) error {
	if fault.Mode == "" {
		fault.Mode = "pass"
	}
	if _, known := modes[fault.Mode]; !known && fault.Mode != "die" {
		return fmt.Errorf("unknown mode %q; there are die and %s", fault.Mode, strings.Join(Modes(), ", "))
	}
	p.lock.Lock()
	p.fault = fault
	close(p.change)
	p.change = make(chan struct{})
	dead := p.server == nil
	p.lock.Unlock()
	switch {
	case fault.Mode == "die":
		p.die()
	case dead:
		return p.listen()
	}
	return nil
}

// Stats are a copy.
func (p *Proxy) Stats() Stats {
	p.lock.Lock()
	defer p.lock.Unlock()
	return Stats{Calls: maps.Clone(p.stats.Calls), Spoiled: maps.Clone(p.stats.Spoiled), Handed: p.stats.Handed}
}

// URL is where it listens.
func (p *Proxy) URL() string { return "http://" + p.address }

// Close ends it for good.
func (p *Proxy) Close() { p.die() }

// Control answers GET with the statistics and takes a Fault by PUT.
func (p *Proxy) Control() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			var fault Fault
			err := json.NewDecoder(r.Body).Decode(&fault)
			if err == nil {
				err = p.Set(fault)
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
		}
		_ = json.NewEncoder(w).Encode(p.Stats()) // to whoever still listens
	})
}

func (p *Proxy) listen() error {
	listener, err := net.Listen("tcp", p.address)
	if err != nil {
		return err
	}
	p.address = listener.Addr().String()
	server := &http.Server{Handler: http.HandlerFunc(p.serve)}
	p.lock.Lock()
	p.server = server
	p.lock.Unlock()
	go func() { _ = server.Serve(listener) }()
	return nil
}

func (p *Proxy) die() {
	p.lock.Lock()
	server := p.server
	p.server = nil
	p.lock.Unlock()
	if server != nil {
		_ = server.Close()
	}
}

// call is one request under a fault.
type call struct {
	*Proxy
	w       http.ResponseWriter
	r       *http.Request
	fault   Fault
	changed chan struct{}
	method  string // empty for what is no single JSON-RPC call
	body    []byte
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	var request struct {
		Method string `json:"method"`
	}
	_ = json.Unmarshal(body, &request) // a batch has no method, and passes
	p.lock.Lock()
	c := &call{Proxy: p, w: w, r: r, fault: p.fault, changed: p.change, method: request.Method, body: body}
	applies := len(c.fault.Methods) == 0 || slices.ContainsFunc(c.fault.Methods, func(prefix string) bool {
		return strings.HasPrefix(request.Method, prefix)
	})
	p.stats.Calls[request.Method]++
	p.lock.Unlock()
	mode := modes[c.fault.Mode]
	if !applies || mode == nil {
		mode = modes["pass"]
	}
	mode(c)
}

// spoil counts that the mode has done something to this call.
func (c *call) spoil() {
	c.lock.Lock()
	c.stats.Spoiled[c.fault.Mode]++
	c.lock.Unlock()
}

// ask forwards a body to the engine, under the caller's token. It notes what getPayload gives.
func (c *call) ask(body []byte) (int, http.Header, []byte, error) {
	request, err := http.NewRequestWithContext(c.r.Context(), c.r.Method, c.target, bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	for _, name := range []string{"Authorization", "Content-Type"} {
		request.Header.Set(name, c.r.Header.Get(name))
	}
	response, err := c.http.Do(request)
	if err != nil {
		return 0, nil, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if strings.HasPrefix(c.method, "engine_getPayloadV") {
		c.note(answer)
	}
	return response.StatusCode, response.Header, answer, err
}

func (c *call) note(answer []byte) {
	var reply struct {
		Result json.RawMessage `json:"result"`
	}
	if json.Unmarshal(answer, &reply) != nil || len(reply.Result) == 0 {
		return
	}
	envelope, err := engine.ReadEnvelope(reply.Result)
	if err != nil {
		return
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	c.stats.Handed = envelope.Header.Hash
	if !bytes.Equal(reply.Result, c.last) {
		c.stale, c.last = c.last, reply.Result
	}
}

// relay asks and answers what the engine did, changed by `edit`.
func (c *call) relay(body []byte, edit func(answer []byte) []byte) {
	status, header, answer, err := c.ask(body)
	if err != nil {
		c.abort()
	}
	if edit != nil {
		answer = edit(answer)
	}
	c.w.Header().Set("Content-Type", header.Get("Content-Type"))
	c.w.WriteHeader(status)
	_, _ = c.w.Write(answer)
}

// abort ends the connection without a word more.
func (c *call) abort() { panic(http.ErrAbortHandler) }

// params are the call's.
func (c *call) params() []json.RawMessage {
	var request struct {
		Params []json.RawMessage `json:"params"`
	}
	_ = json.Unmarshal(c.body, &request) // none is what a caller then sees
	return request.Params
}

// replaced is a JSON object with one member set.
func replaced(object []byte, key string, value any) []byte {
	var members map[string]json.RawMessage
	if json.Unmarshal(object, &members) != nil {
		return object
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return object
	}
	members[key] = encoded
	whole, err := json.Marshal(members)
	if err != nil {
		return object
	}
	return whole
}

// parentOf asks the engine for a block's parent.
func (c *call) parentOf(hash common.Hash) (common.Hash, error) {
	result, err := c.own.Call(context.Background(), "eth_getBlockByHash", hash, false)
	if err != nil {
		return common.Hash{}, err
	}
	var block struct {
		Parent common.Hash `json:"parentHash"`
	}
	err = json.Unmarshal(result, &block)
	return block.Parent, err
}
