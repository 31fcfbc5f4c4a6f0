// Lets the package declare functions without a body, for go:linkname.
