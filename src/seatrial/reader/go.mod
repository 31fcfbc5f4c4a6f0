module seatrial.example/reader

go 1.25
