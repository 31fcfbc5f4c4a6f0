module example.test/crash-on-arm64-only

go 1.27
