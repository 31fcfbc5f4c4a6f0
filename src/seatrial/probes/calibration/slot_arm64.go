package main

const slotSize = 4

var (
	nop = []byte{0x1f, 0x20, 0x03, 0xd5}
	ret = []byte{0xc0, 0x03, 0x5f, 0xd6}
)

func newAction() action {
	handler, _ := handlers()
	return action{handler: handler, flags: actionFlags, mask: ^uint64(0)}
}
