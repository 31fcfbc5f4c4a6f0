module seatrial.example/conformance

go 1.25
