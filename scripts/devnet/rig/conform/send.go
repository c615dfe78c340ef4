package conform

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// bearer is a good token of this moment.
func (t *target) bearer() string { return "Bearer " + t.secret.Token(time.Now()) }

// exchange writes one HTTP/1.1 request as it is and reads one response.
func (t *target) exchange(request []byte, method string) (*answer, error) {
	connection, err := net.DialTimeout("tcp", t.host, patience)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(patience)) // of an open connection
	go func() {
		_, _ = connection.Write(request) // who refuses a long one does not read it
	}()
	response, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: method})
	if err != nil {
		return nil, err
	}
	return read(response)
}

// headLines are a request's first lines. Headers are `Name: value`; those that begin with the name of one
// that every request has replace it, and with nothing after the colon they take it away.
func (t *target) headLines(method, path string, length int, headers ...string) []byte {
	usual := []string{
		"Host: " + t.host, "Content-Type: application/json", "Authorization: " + t.bearer(), fmt.Sprintf("Content-Length: %d", length),
	}
	var lines bytes.Buffer
	fmt.Fprintf(&lines, "%s %s HTTP/1.1\r\n", method, path)
	for _, line := range usual {
		name, _, _ := strings.Cut(line, ":")
		replaced := false
		for _, header := range headers {
			replaced = replaced || strings.HasPrefix(header, name+":")
		}
		if !replaced {
			lines.WriteString(line + "\r\n")
		}
	}
	for _, header := range headers {
		if !strings.HasSuffix(header, ":") {
			lines.WriteString(header + "\r\n")
		}
	}
	lines.WriteString("\r\n")
	return lines.Bytes()
}

// post is a shape that sends a body in the usual way.
func post(name, body string, headers ...string) shape {
	return request(name, http.MethodPost, "/", body, headers...)
}

func request(name, method, path, body string, headers ...string) shape {
	return shape{name: name, send: func(t *target) (*answer, error) {
		return t.exchange(append(t.headLines(method, path, len(body), headers...), body...), method)
	}}
}

// loosely is for calls that are multiplexed.
func loosely(s shape) shape {
	s.like = asJSON
	return s
}

// refused is for requests whose refusal has words of its own.
func refused(s shape) shape {
	s.like = asRefusal
	return s
}

// call is a JSON-RPC request with the id 1.
func call(method, params string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"%s","params":[%s]}`, method, params)
}

// socket sends frames over a WebSocket and collects as many answers.
func socket(name string, headers func(*target) http.Header, kind int, frames ...string) shape {
	return shape{name: name, send: func(t *target) (*answer, error) {
		dialer := websocket.Dialer{HandshakeTimeout: patience}
		connection, response, err := dialer.Dial("ws://"+t.host, headers(t))
		if err != nil {
			if response != nil {
				return read(response) // refused, which is an answer
			}
			return nil, err
		}
		defer connection.Close()
		_ = connection.SetReadDeadline(time.Now().Add(patience))
		all := &answer{status: response.StatusCode}
		for _, frame := range frames {
			if err := connection.WriteMessage(kind, []byte(frame)); err != nil {
				return nil, err
			}
			kind, message, err := connection.ReadMessage()
			if closed := new(websocket.CloseError); errors.As(err, &closed) {
				all.body = fmt.Appendf(all.body, "closed: %d", closed.Code)
				break
			}
			if err != nil {
				return nil, err
			}
			all.body = fmt.Appendf(all.body, "%d %s", kind, message)
		}
		return all, nil
	}}
}
