module example.test/packed-relocations

go 1.27
