module example.test/other-loader

go 1.27
