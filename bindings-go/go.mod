module github.com/opsign/opsign/bindings-go

go 1.26.0
