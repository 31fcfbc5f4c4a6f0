module seatrial.dev/init

go 1.27
