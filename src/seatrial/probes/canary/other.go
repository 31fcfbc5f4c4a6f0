//go:build !unix || aix || solaris

package main

func signals() error { return skipped("no Unix signals here") }

func mmap() error { return skipped("no mmap here") }
