module example.test/go-too-new-for-macos

go 1.27
