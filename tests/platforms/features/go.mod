module features

go 1.27
