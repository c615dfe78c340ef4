// Package bench measures what stands between a client and engines that answer at once.
package bench

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"

	"github.com/ethereum/go-ethereum/common"

	"github.com/opsign/opsign/scripts/devnet/rig/engine"
)

// Marks of the engines' blocks.
const (
	localMark   = 1
	builderMark = 2
)

// Fake is an engine that has every block ready. A block's hash ends with its number, so nothing needs
// to be remembered but the head. It looks at no token.
type Fake struct {
	mark    byte   // the first byte of its blocks' hashes
	filling []byte // transactions, encoded in JSON
	buffers sync.Pool

	lock sync.Mutex
	head common.Hash
	jobs map[string]*job
	last uint64
}

type job struct {
	head       common.Hash
	attributes engine.Attributes
}

// NewFake makes a local engine or a builder, whose payloads are of about that many bytes.
func NewFake(builder bool, size int) *Fake {
	mark := byte(localMark)
	if builder {
		mark = builderMark
	}
	const transaction = 100_000 // bytes of JSON
	var filling bytes.Buffer
	for left := size - 1_600; left > 0; left -= transaction {
		fmt.Fprintf(&filling, `,"0x02%s"`, bytes.Repeat([]byte("ab"), min(left, transaction)/2))
	}
	f := &Fake{mark: mark, filling: filling.Bytes(), jobs: map[string]*job{}}
	f.buffers.New = func() any { return new(bytes.Buffer) }
	f.head[0] = localMark // block 0
	return f
}

func (f *Fake) hash(number uint64) common.Hash {
	hash := common.Hash{f.mark}
	binary.BigEndian.PutUint64(hash[24:], number)
	return hash
}

func numberOf(hash common.Hash) uint64 { return binary.BigEndian.Uint64(hash[24:]) }

func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	buffer := f.buffers.Get().(*bytes.Buffer)
	defer f.buffers.Put(buffer)
	buffer.Reset()
	if r.ContentLength > 0 {
		buffer.Grow(int(r.ContentLength) + 512)
	}
	if _, err := io.Copy(buffer, r.Body); err != nil {
		return
	}
	body := buffer.Bytes()
	w.Header().Set("Content-Type", "application/json")
	// newPayload is long, and nothing of it is read but its id, wherever it stands.
	if bytes.Contains(body[:min(len(body), 100)], []byte("engine_newPayloadV")) ||
		bytes.Contains(body[max(0, len(body)-100):], []byte("engine_newPayloadV")) {
		fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":{"status":"VALID","latestValidHash":"%s","validationError":null}}`, idOf(body), common.Hash{})
		return
	}
	var request struct {
		ID     json.RawMessage   `json:"id"`
		Method string            `json:"method"`
		Params []json.RawMessage `json:"params"`
	}
	if err := json.Unmarshal(body, &request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	pieces := f.answer(request.Method, request.Params)
	begin, end := fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":`, request.ID), "}\n"
	length := len(begin) + len(end)
	for _, piece := range pieces {
		length += len(piece)
	}
	w.Header().Set("Content-Length", strconv.Itoa(length))
	_, _ = io.WriteString(w, begin)
	for _, piece := range pieces {
		_, _ = w.Write(piece)
	}
	_, _ = io.WriteString(w, end)
}

// idOf finds the id before or after the parameters.
func idOf(body []byte) []byte {
	for _, part := range [][]byte{body[:min(len(body), 100)], body[max(0, len(body)-100):]} {
		if _, after, found := bytes.Cut(part, []byte(`"id":`)); found {
			if end := bytes.IndexAny(after, ",}"); end > 0 {
				return after[:end]
			}
		}
	}
	return []byte("null")
}

func (f *Fake) answer(method string, params []json.RawMessage) [][]byte {
	f.lock.Lock()
	defer f.lock.Unlock()
	switch {
	case len(params) == 2 && method == "engine_forkchoiceUpdatedV3":
		var state engine.State
		_ = json.Unmarshal(params[0], &state) // the zero state, then
		f.head = state.Head
		id := []byte("null")
		if string(params[1]) != "null" {
			made := &job{head: state.Head}
			_ = json.Unmarshal(params[1], &made.attributes) // likewise
			f.last++
			name := fmt.Sprintf("0x03%014x", f.last)
			if len(f.jobs) > 10 { // op-geth keeps as many
				clear(f.jobs)
			}
			f.jobs[name] = made
			id = []byte(`"` + name + `"`)
		}
		return [][]byte{fmt.Appendf(nil, `{"payloadStatus":{"status":"VALID","latestValidHash":"%s","validationError":null},"payloadId":%s}`, state.Head, id)}
	case len(params) == 1 && method == "engine_getPayloadV4":
		var id string
		_ = json.Unmarshal(params[0], &id) // no job has that name
		if made := f.jobs[id]; made != nil {
			return f.envelope(made)
		}
	case method == "eth_getBlockByNumber" || method == "eth_getBlockByHash":
		return [][]byte{fmt.Appendf(nil, `{"number":"0x%x","hash":"%s","parentHash":"%s","timestamp":"0x%x"}`,
			numberOf(f.head), f.head, f.hash(max(1, numberOf(f.head))-1), numberOf(f.head))}
	case method == "eth_chainId":
		return [][]byte{[]byte(`"0x385"`)}
	}
	return [][]byte{[]byte("null")}
}

func (f *Fake) envelope(made *job) [][]byte {
	number := numberOf(made.head) + 1
	a := &made.attributes
	head := fmt.Appendf(nil, `{"executionPayload":{"parentHash":"%s","feeRecipient":"%s","stateRoot":"%s","receiptsRoot":"%s",`+
		`"logsBloom":"0x%0512x","prevRandao":"%s","blockNumber":"0x%x","gasLimit":"0x%x","gasUsed":"0x5208","timestamp":"0x%x",`+
		`"extraData":"0x00000000fa00000006","baseFeePerGas":"0x1","blockHash":"%s","transactions":["%s"`,
		made.head, a.FeeRecipient.Hex(), common.Hash{}, common.Hash{}, 0, a.PrevRandao, number, uint64(a.GasLimit), uint64(a.Timestamp), f.hash(number), a.Transactions[0])
	tail := fmt.Appendf(nil, `],"withdrawals":[],"blobGasUsed":"0x0","excessBlobGas":"0x0","withdrawalsRoot":"%s"},"blockValue":"0x%x",`+
		`"blobsBundle":{"commitments":[],"proofs":[],"blobs":[]},"executionRequests":[],"shouldOverrideBuilder":false,"parentBeaconBlockRoot":"%s"}`,
		common.Hash{}, f.mark, a.BeaconRoot)
	return [][]byte{head, f.filling, tail}
}
