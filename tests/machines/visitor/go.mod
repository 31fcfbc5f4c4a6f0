module seatrial.dev/visitor

go 1.21
