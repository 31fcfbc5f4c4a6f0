module example.test/go124-gomaxprocs

go 1.24
