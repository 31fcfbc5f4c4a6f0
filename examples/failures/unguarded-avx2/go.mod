module example.test/unguarded-avx2

go 1.27
