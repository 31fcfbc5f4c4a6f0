module seatrial.dev/guest

go 1.27
