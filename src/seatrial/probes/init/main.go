// Init is the first and only process of a micro-VM of seatrial: it makes the guest ready, takes orders from the host
// over a virtio-serial port (channel.go), runs commands, and says how they ended.
//
// The console is for diagnostics only. When init cannot go on it says why there and stops the machine: the host knows
// the reason by the stage that was not reached.
package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"syscall"
)

// The kernel ignores the arguments that it does not know, and shows them in /proc/cmdline.
const (
	cgroupArgument   = "seatrial.cgroup="
	hostnameArgument = "seatrial.hostname="
)

func main() {
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "seatrial's init is the first process of a virtual machine; it does nothing elsewhere")
		os.Exit(2)
	}
	fmt.Fprintln(os.Stderr, "seatrial init: started")
	debug.SetGCPercent(400) // the memory of the guest is the program's, but so is its time
	began := uptime()
	must("mounting", mountAll())
	must("loading modules", loadModules("/modules"))
	must("changing the root", changeRoot())
	must("raising the loopback", raiseLoopback())
	must("setting the host name", syscall.Sethostname([]byte(argument(hostnameArgument, "seatrial"))))
	must("setting limits", syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 1024, Max: 524288}))
	groups, err := mountGroups(argument(cgroupArgument, "v2"))
	must("mounting control groups", err)
	link, err := openChannel()
	must("opening the channel", err)
	go serveNetwork()
	must("saying hello", link.sendJSON(kindHello, map[string]float64{"init": began, "ready": uptime()}))
	must("taking orders", serve(link, groups))
}

// must ends the machine where going on would only hide what went wrong.
func must(doing string, err error) {
	if err == nil {
		return
	}
	fmt.Fprintf(os.Stderr, "seatrial init: %s: %v\n", doing, err)
	syscall.Sync()
	syscall.Reboot(syscall.LINUX_REBOOT_CMD_RESTART)
}

// serve carries out the host's orders, one after the other, for as long as the machine runs.
func serve(link *channel, groups hierarchies) error {
	for order := range link.orders {
		var err error
		switch order.kind {
		case kindBegin:
			err = begin(link, order, groups)
		case kindUnpack:
			err = unpack(order.input)
			order.input.discard()
			if err == nil {
				err = link.send(kindDone, nil)
			}
		case kindGet:
			err = get(link, string(order.payload))
		case kindRun:
			err = run(link, order, groups)
		default:
			err = fmt.Errorf("order %q is unknown", order.kind)
		}
		if err != nil {
			if err := link.send(kindError, []byte(err.Error())); err != nil {
				return err
			}
		}
	}
	return link.failed
}
