package requests

import (
	"encoding/json"
	"fmt"
	"strings"
)

// object is a JSON object whose members keep their order and may be wrong,
// missing or there twice. Values are JSON text.
type object [][2]string

func (o object) with(name, value string) object {
	changed := append(object{}, o...)
	for i := range changed {
		if changed[i][0] == name {
			changed[i][1] = value
			return changed
		}
	}
	return append(changed, [2]string{name, value})
}

func (o object) without(name string) object {
	var changed object
	for _, member := range o {
		if member[0] != name {
			changed = append(changed, member)
		}
	}
	return changed
}

// again adds a member, even if one of that name is there.
func (o object) again(name, value string) object {
	return append(append(object{}, o...), [2]string{name, value})
}

func (o object) String() string {
	members := make([]string, len(o))
	for i, member := range o {
		members[i] = quote(member[0]) + ":" + member[1]
	}
	return "{" + strings.Join(members, ",") + "}"
}

func quote(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(quoted)
}

// call is a JSON-RPC request with id 1; params is JSON text.
func call(method, params string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":%s,"params":%s}`, quote(method), params)
}

// one is a call with a single argument.
func one(method string, argument object) string { return call(method, "["+argument.String()+"]") }
