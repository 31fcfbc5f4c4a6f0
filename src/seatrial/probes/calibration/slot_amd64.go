package main

const slotSize = 16 // the longest instruction has 15 bytes; stepOver leaves the slot at its end

var (
	nop = []byte{0x90}
	ret = []byte{0xc3}
)

func newAction() action {
	handler, restorer := handlers()
	const restorerFlag = 0x04000000 // SA_RESTORER: on amd64 a handler returns through it
	return action{handler: handler, flags: actionFlags | restorerFlag, restorer: restorer, mask: ^uint64(0)}
}
