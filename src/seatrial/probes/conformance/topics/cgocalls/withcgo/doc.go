// Package withcgo asks what Go and C hand each other in calls: arguments, results, threads, stacks and errno.
//
// What Go passes, a callee in another C file notes down (seen.h), and Go compares. Each callee is compiled apart from
// the wrappers that cgo generates, so that the calling convention lies between them, and no inlining.
package withcgo
