module seatrial.example/roundtrip

go 1.27
