module example.test/static-glibc-getaddrinfo

go 1.27
