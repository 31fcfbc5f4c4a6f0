module example.test/glibc-too-new

go 1.27
