package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/opsign/opsign/scripts/devnet/rig/engine"
)

// Path is one way to an engine.
type Path struct {
	Name   string
	client *client
	head   common.Hash
	time   uint64
	took   [4][]time.Duration
}

// NewPath is one with a connection of its own.
func NewPath(name, url string, secret engine.Secret) *Path {
	// Deadlines are far away.
	return &Path{Name: name, client: newClient(url, secret), head: common.Hash{localMark}, time: uint64(time.Now().Unix()) + 1000}
}

// Calls of a slot, in order.
var Calls = [4]string{"FCU+attrs", "getPayload", "newPayload", "FCU"}

// fork of the benchmark's blocks.
var fork = engine.Forks[1]

// Slot makes one block. It notes how long the calls took, and says whether the block was the
// builder's.
func (p *Path) Slot(note bool) (builders bool, err error) {
	p.time++
	attributes := fork.Attributes(1, p.time) // the parameters in extraData are the genesis's
	attributes.Transactions = attributes.Transactions[:1]
	encoded, err := json.Marshal(attributes)
	if err != nil {
		return false, err
	}
	var took [4]time.Duration
	call := func(n int, method string, params ...string) []byte {
		if err != nil {
			return nil
		}
		var result []byte
		if result, took[n], err = p.client.call(method, params...); err != nil {
			err = fmt.Errorf("%s, %s: %w", p.Name, method, err)
		}
		return result
	}
	state := func() string {
		return fmt.Sprintf(`{"headBlockHash":"%s","safeBlockHash":"%s","finalizedBlockHash":"%s"}`, p.head, common.Hash{}, common.Hash{})
	}
	id := textIn(call(0, "engine_forkchoiceUpdatedV3", state(), string(encoded)), "payloadId")
	envelope := call(1, fork.GetPayload, `"`+id+`"`)
	payload, _, _ := bytes.Cut(bytes.TrimPrefix(envelope, []byte(`{"executionPayload":`)), []byte(`,"blockValue"`))
	call(2, fork.NewPayload, string(payload), "[]", `"`+attributes.BeaconRoot.Hex()+`"`, "[]")
	p.head = common.HexToHash(textIn(envelope, "blockHash"))
	call(3, "engine_forkchoiceUpdatedV3", state(), "null")
	if note {
		for i := range took {
			p.took[i] = append(p.took[i], took[i])
		}
	}
	return p.head[0] == builderMark, err
}

// textIn is a member of a JSON object made by Fake, without reading all of it.
func textIn(object []byte, member string) string {
	_, after, _ := bytes.Cut(object, []byte(`"`+member+`":"`))
	text, _, _ := bytes.Cut(after, []byte(`"`))
	return string(text)
}

// Milliseconds of a call, of all slots that were noted: the given percentile.
func (p *Path) Milliseconds(call, percent int) float64 {
	sorted := slices.Sorted(slices.Values(p.took[call]))
	at := sorted[min(len(sorted)-1, len(sorted)*percent/100)]
	return float64(at.Microseconds()) / 1000
}

// Row is one line of the table: p50/p99 on each path, then the difference to the first in p50.
func Row(size, call int, paths []*Path) string {
	var line strings.Builder
	fmt.Fprintf(&line, "%8s  %-10s", bytesText(size), Calls[call])
	for _, path := range paths {
		fmt.Fprintf(&line, "  %7.3f/%7.3f", path.Milliseconds(call, 50), path.Milliseconds(call, 99))
	}
	for _, path := range paths[1:] {
		fmt.Fprintf(&line, "  %+8.3f", Added(call, paths[0], path))
	}
	return line.String()
}

// Added is what a path adds to a call at the median. A sidecar's getPayload has a newPayload in it,
// by which the block is judged.
func Added(call int, direct, path *Path) float64 {
	added := path.Milliseconds(call, 50) - direct.Milliseconds(call, 50)
	if call == 1 && path.judges() {
		added -= direct.Milliseconds(2, 50)
	}
	return added
}

func (p *Path) judges() bool { return p.Name != "hop" }

func bytesText(size int) string {
	if size >= 1_000_000 {
		return fmt.Sprintf("%.1f MB", float64(size)/1e6)
	}
	return fmt.Sprintf("%.1f kB", float64(size)/1e3)
}

// Goal is the most that the sidecar may add to a call, in ms at the median.
type Goal struct {
	Size, Call int
	Most       float64
}

// Goals are issue 8's.
func Goals(sizes []int) []Goal {
	small, medium := sizes[0], sizes[2]
	goals := []Goal{{medium, 1, 3}, {medium, 2, 1}}
	for call := range Calls {
		goals = append(goals, Goal{small, call, 0.12})
	}
	return goals
}

func (g Goal) String() string {
	return fmt.Sprintf("%s at %s: at most %+.2f ms", Calls[g.Call], bytesText(g.Size), g.Most)
}
