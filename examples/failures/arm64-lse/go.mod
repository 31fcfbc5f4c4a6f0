module example.test/arm64-lse

go 1.27
