module example.test/page-alignment

go 1.27
