// Package files asks processes and files, and what their errors become.
package files
