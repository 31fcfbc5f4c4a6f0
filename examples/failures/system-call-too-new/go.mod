module example.test/system-call-too-new

go 1.27
