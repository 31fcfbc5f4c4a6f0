// Package names asks name resolution against a DNS server of our own.
package names
