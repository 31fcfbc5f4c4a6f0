module example.test/c-shared-on-musl

go 1.27
