// Package withcgo asks the dynamic loader: what it finds, binds, hides, runs and lets go. The libraries that it loads
// are in libraries/.
package withcgo
