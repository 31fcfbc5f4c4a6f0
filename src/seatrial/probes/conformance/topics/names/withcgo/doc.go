// Package withcgo asks the resolver of the C library: getaddrinfo and getnameinfo.
package withcgo
