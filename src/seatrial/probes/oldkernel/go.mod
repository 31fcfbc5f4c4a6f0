module seatrial.example/oldkernel

go 1.25
