package fault

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Modes names all but `die`, which is no answer.
func Modes() []string {
	names := make([]string, 0, len(modes))
	for name := range modes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// What is done to a call that a fault applies to.
var modes map[string]func(*call)

func init() {
	modes = map[string]func(*call){
		"pass":  func(c *call) { c.relay(c.body, nil) },
		"delay": delay, "hang": hang, "trickle": trickle, "cut": cut, "reset": reset, "dies": dies,
		"truncated":    spoiled(func(answer []byte) []byte { return answer[:len(answer)*2/3] }),
		"corrupt":      spoiled(corrupt),
		"huge":         huge,
		"ids":          spoiled(func(answer []byte) []byte { return replaced(answer, "id", "another") }),
		"null":         spoiled(func(answer []byte) []byte { return replaced(answer, "result", nil) }),
		"both":         spoiled(func(answer []byte) []byte { return replaced(answer, "error", unknownPayload) }),
		"refused":      fixed(http.StatusOK, `{"jsonrpc":"2.0","id":1,"error":{"code":-38001,"message":"Unknown payload"}}`),
		"unauthorized": fixed(http.StatusUnauthorized, "stale token\n"),
		"failing":      fixed(http.StatusInternalServerError, "internal error\n"),
		"empty":        fixed(http.StatusOK, ""),
		"redirect":     redirect,
		"gzip":         zipped,
		"shape":        spoiled(withoutRequests),
		"root":         ofPayloads(wrongRoot),
		"stale":        ofPayloads(stale),
	}
	modes["twice"], modes["otherCase"] = hidden("feeRecipient"), hidden("FeeRecipient")
	for kind, change := range changes {
		modes[kind] = foreign(change)
	}
}

var unknownPayload = map[string]any{"code": -38001, "message": "Unknown payload"}

// spoiled forwards the call and changes the answer.
func spoiled(edit func(answer []byte) []byte) func(*call) {
	return func(c *call) {
		c.spoil()
		c.relay(c.body, edit)
	}
}

// ofPayloads changes getPayload's result and leaves all else.
func ofPayloads(edit func(c *call, result json.RawMessage) json.RawMessage) func(*call) {
	return func(c *call) {
		if !strings.HasPrefix(c.method, "engine_getPayloadV") {
			c.relay(c.body, nil)
			return
		}
		c.relay(c.body, func(answer []byte) []byte {
			var reply struct {
				Result json.RawMessage `json:"result"`
			}
			if json.Unmarshal(answer, &reply) != nil || len(reply.Result) == 0 {
				return answer
			}
			changed := edit(c, reply.Result)
			if changed == nil {
				return answer
			}
			c.spoil()
			return replaced(answer, "result", changed)
		})
	}
}

func fixed(status int, body string) func(*call) {
	return func(c *call) {
		c.spoil()
		c.w.WriteHeader(status)
		_, _ = c.w.Write([]byte(body))
	}
}

func delay(c *call) {
	c.spoil()
	select {
	case <-time.After(time.Duration(c.fault.Millis) * time.Millisecond):
	case <-c.r.Context().Done():
	}
	c.relay(c.body, nil)
}

func hang(c *call) {
	c.spoil()
	select {
	case <-c.changed:
	case <-c.r.Context().Done():
	}
	c.abort()
}

// trickle sends the answer byte by byte, its first half; then the rest.
func trickle(c *call) {
	c.spoil()
	_, _, answer, err := c.ask(c.body)
	if err != nil {
		c.abort()
	}
	wait := time.Duration(max(c.fault.Millis, 1)) * time.Millisecond
	for i := range answer {
		if _, err := c.w.Write(answer[i : i+1]); err != nil {
			return
		}
		_ = http.NewResponseController(c.w).Flush()
		select {
		case <-time.After(wait):
		case <-c.changed:
			c.abort()
		case <-c.r.Context().Done():
			return
		}
	}
}

// cut promises a whole answer and sends half.
func cut(c *call) {
	c.spoil()
	_, _, answer, err := c.ask(c.body)
	if err != nil {
		c.abort()
	}
	c.w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	_, _ = c.w.Write(answer[:len(answer)/2])
	_ = http.NewResponseController(c.w).Flush()
	c.abort()
}

func reset(c *call) {
	c.spoil()
	c.abort()
}

// dies asks the engine, then ends the listener and every connection, this one too. The next Set is
// the restart.
func dies(c *call) {
	c.spoil()
	_, _, _, _ = c.ask(c.body)
	c.die()
	c.abort()
}

// corrupt breaks the JSON inside: a brace too few.
func corrupt(answer []byte) []byte {
	return bytes.Replace(answer, []byte("{"), []byte(" "), 2)
}

// huge is an answer of 100 MB.
func huge(c *call) {
	c.spoil()
	const piece, pieces = 1 << 20, 100
	_, _ = c.w.Write([]byte(`{"jsonrpc":"2.0","id":1,"result":"`))
	filler := bytes.Repeat([]byte("0"), piece)
	for range pieces {
		if _, err := c.w.Write(filler); err != nil {
			return
		}
	}
	_, _ = c.w.Write([]byte(`"}`))
}

// redirect sends the caller to itself.
func redirect(c *call) {
	c.spoil()
	c.w.Header().Set("Location", "/")
	c.w.WriteHeader(http.StatusTemporaryRedirect)
}

func zipped(c *call) {
	c.spoil()
	c.w.Header().Set("Content-Encoding", "gzip")
	c.relay(c.body, func(answer []byte) []byte {
		var packed bytes.Buffer
		writer := gzip.NewWriter(&packed)
		_, _ = writer.Write(answer)
		_ = writer.Close()
		return packed.Bytes()
	})
}

// withoutRequests gives getPayloadV3's form whatever was asked for.
func withoutRequests(answer []byte) []byte {
	var reply map[string]json.RawMessage
	if json.Unmarshal(answer, &reply) != nil {
		return answer
	}
	var result map[string]json.RawMessage
	if json.Unmarshal(reply["result"], &result) != nil {
		return answer
	}
	delete(result, "executionRequests")
	return replaced(answer, "result", result)
}

// stale answers with the block that was given for the call before.
func stale(c *call, _ json.RawMessage) json.RawMessage {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.stale
}
