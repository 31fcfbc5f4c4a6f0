module example.test/glibc-on-alpine

go 1.27
