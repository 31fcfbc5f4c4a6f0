module example.test/bad-g-message

go 1.27
