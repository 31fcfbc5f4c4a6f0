module seatrial.example/lighthouse

go 1.27
