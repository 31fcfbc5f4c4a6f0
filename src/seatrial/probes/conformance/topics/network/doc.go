// Package network asks sockets and the protocols above them, on loopback.
package network
