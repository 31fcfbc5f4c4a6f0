module example.test/goamd64-v3

go 1.27
