module seatrial.dev/calibration

go 1.21
