module example.test/macos-14-only

go 1.27
