// Package nocgo checks recovery.json against go-ethereum built without cgo,
// which recovers addresses with another library than go-ethereum built with
// cgo. op-node's releases are built without.
//
// Its test exists in such a build only:
//
//	CGO_ENABLED=0 go test ./nocgo
package nocgo
