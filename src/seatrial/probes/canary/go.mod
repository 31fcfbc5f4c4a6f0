module seatrial.dev/canary

go 1.21
