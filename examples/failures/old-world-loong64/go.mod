module example.test/old-world-loong64

go 1.27
