module seatrial.example/faultinjector

go 1.25
