// Package conform asks the sidecar and op-geth itself the same, and compares what they say.
package conform

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/opsign/opsign/scripts/devnet/rig/chain"
	"github.com/opsign/opsign/scripts/devnet/rig/drive"
	"github.com/opsign/opsign/scripts/devnet/rig/engine"
)

const patience = 30 * time.Second

// Target is one of the two ports that are compared.
type target struct {
	host   string // address and port
	secret engine.Secret
}

// shape is a request and how its two answers are compared.
type shape struct {
	name string
	like comparison
	send func(t *target) (*answer, error)
}

// comparison is what must be equal.
type comparison int

const (
	exact comparison = iota
	// asJSON: the body's values and its type, since such a call is multiplexed.
	asJSON
	// asRefusal: the status and the body's type. The words are those of Go's libraries.
	asRefusal
)

// Known are the differences that are meant, each with its reason.
var Known = map[string]string{
	"a host of another name": "op-geth keeps web pages out by the name that they ask for; a page has no token",
	"issued at a string":     "RFC 7519 wants a number",
}

// answer is what is compared.
type answer struct {
	status  int
	headers http.Header // of those named below
	body    []byte
}

var compared = []string{
	"Content-Type", "Content-Encoding", "Allow", "Vary", "Www-Authenticate", "Access-Control-Allow-Origin",
	"Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Max-Age",
}

// Run makes some blocks, then asks both. It tells each answer of op-geth's, and returns how many
// shapes agreed, how many differ as is meant, how many there are, and what differed else.
func Run(ctx context.Context, net *chain.Net, tell func(name, answer string)) (agreed, meant, all int, different []string, err error) {
	world, err := newWorld(ctx, net)
	if err != nil {
		return 0, 0, 0, nil, err
	}
	direct, err := targetOf(net.Local.Engine, net.Local.Secret)
	if err != nil {
		return 0, 0, 0, nil, err
	}
	through, err := targetOf(net.Engine, net.Secret)
	if err != nil {
		return 0, 0, 0, nil, err
	}
	shapes := slices.Concat(ids(), envelopes(), batches(), methods(world), engineCalls(world), hypertext(), tokens(), sockets(world))
	// Without a sidecar nothing may differ.
	stands := net.Sidecar != nil
	names := map[string]bool{}
	for _, shape := range shapes {
		if names[shape.name] {
			return 0, 0, 0, nil, fmt.Errorf("two shapes are called %q", shape.name)
		}
		names[shape.name] = true
		want, err := shape.send(direct)
		if err != nil {
			return 0, 0, 0, nil, fmt.Errorf("%s, direct: %w", shape.name, err)
		}
		tell(shape.name, want.String())
		got, err := shape.send(through)
		if err != nil {
			different = append(different, fmt.Sprintf("%s: %v; direct: %s", shape.name, err, want))
			continue
		}
		_, known := Known[shape.name]
		switch same := want.same(got, shape.like); {
		case known && stands && same:
			different = append(different, shape.name+": known to differ, and does not")
		case known && stands:
			meant++
		case !same:
			different = append(different, fmt.Sprintf("%s: %s; direct: %s", shape.name, got, want))
		}
		if err := net.Alive(); err != nil {
			return 0, 0, 0, nil, fmt.Errorf("%s: %w", shape.name, err)
		}
	}
	return len(shapes) - len(different) - meant, meant, len(shapes), different, nil
}

func targetOf(client *engine.Client, secret engine.Secret) (*target, error) {
	address, err := url.Parse(client.URL)
	if err != nil {
		return nil, err
	}
	return &target{host: address.Host, secret: secret}, nil
}

func (a *answer) String() string {
	return fmt.Sprintf("HTTP %d %v %.160q", a.status, a.headers, a.body)
}

func (a *answer) same(other *answer, like comparison) bool {
	if a.status != other.status || !slices.Equal(a.headers["Content-Type"], other.headers["Content-Type"]) {
		return false
	}
	switch like {
	case asRefusal:
		return a.status >= 400
	case asJSON:
		return bytes.Equal(a.body, other.body) || equalJSON(a.body, other.body)
	default:
		return bytes.Equal(a.body, other.body) && reflect.DeepEqual(a.headers, other.headers)
	}
}

// equalJSON compares values; numbers by how they are written.
func equalJSON(a, b []byte) bool {
	read := func(text []byte) (value any, err error) {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		err = decoder.Decode(&value)
		return value, err
	}
	left, err := read(a)
	if err != nil {
		return false
	}
	right, err := read(b)
	return err == nil && reflect.DeepEqual(left, right)
}

// world is what requests speak of.
type world struct {
	state      string // a fork choice
	attributes string // for the next block
	payloadID  string
	payload    string // the next block, which no engine has yet
	beaconRoot string
	head       string // its hash
	raw        string // a transaction that both engines' pools have
}

func newWorld(ctx context.Context, net *chain.Net) (*world, error) {
	driver, err := drive.New(ctx, net)
	if err != nil {
		return nil, err
	}
	driver.Catch()
	for range 3 {
		if slot := driver.Slot(ctx, drive.Pace{Clock: true, Unmarked: true}); slot.Missed != nil {
			return nil, slot.Missed
		}
	}
	state, attributes := driver.Next()
	w := &world{head: state.Head.Hex(), beaconRoot: attributes.BeaconRoot.Hex()}
	encode := func(value any) string {
		text, failed := json.Marshal(value)
		if failed != nil {
			err = failed
		}
		return string(text)
	}
	w.state, w.attributes = encode(state), encode(attributes)
	if err != nil {
		return nil, err
	}
	result, err := net.Local.Engine.Call(ctx, "engine_forkchoiceUpdatedV3", state, attributes)
	if err != nil {
		return nil, err
	}
	var started struct {
		ID string `json:"payloadId"`
	}
	if err := json.Unmarshal(result, &started); err != nil {
		return nil, err
	}
	w.payloadID = started.ID
	time.Sleep(100 * time.Millisecond) // the block is built by then; if it is not, getPayload waits
	result, err = net.Local.Engine.Call(ctx, net.Fork.GetPayload, w.payloadID)
	if err != nil {
		return nil, err
	}
	envelope, err := engine.ReadEnvelope(result)
	if err != nil {
		return nil, err
	}
	w.payload = string(envelope.Payload)
	// After the block: it waits in the pool for ever, its nonce being too high.
	raw, err := chain.Accounts[0].Transaction(1000, nil)
	if err != nil {
		return nil, err
	}
	w.raw = fmt.Sprintf("0x%x", raw)
	_, err = net.Engine.Call(ctx, "eth_sendRawTransaction", w.raw)
	return w, err
}

// read takes what is compared from a response.
func read(response *http.Response) (*answer, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	headers := http.Header{}
	for _, name := range compared {
		if values := response.Header.Values(name); len(values) > 0 {
			headers[name] = []string{strings.Join(values, ", ")}
		}
	}
	return &answer{status: response.StatusCode, headers: headers, body: body}, nil
}
