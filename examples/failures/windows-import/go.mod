module example.test/windows-import

go 1.27
