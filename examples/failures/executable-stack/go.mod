module example.test/executable-stack

go 1.27
