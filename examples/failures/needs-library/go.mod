module example.test/needs-library

go 1.27
