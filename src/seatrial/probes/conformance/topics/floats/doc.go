// Package floats asks floating point, and vector code against portable code.
package floats
