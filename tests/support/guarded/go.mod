module example.test/guarded

go 1.25
