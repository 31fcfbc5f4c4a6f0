package alone

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/names/server"
)

const unprepared = 77

func init() { suite.Helper("names-alone", inside) }

// inside is in a network and with mounts of its own already. It lays files over /etc and does the lookups.
func inside(args []string) int {
	var setting Setting
	if err := json.Unmarshal([]byte(args[0]), &setting); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	servers, err := prepare(setting)
	if err != nil {
		fmt.Fprintln(os.Stderr, "needs a network and mounts of its own:", err)
		return unprepared
	}
	outcomes := make([]Outcome, len(setting.Lookups))
	var pool sync.WaitGroup
	for i, lookup := range setting.Lookups {
		if setting.AtOnce {
			pool.Go(func() { outcomes[i] = look(lookup) })
			continue
		}
		outcomes[i] = look(lookup)
		for _, s := range servers {
			outcomes[i].Asked = append(outcomes[i].Asked, s.Asked()...)
		}
	}
	pool.Wait()
	json.NewEncoder(os.Stdout).Encode(outcomes)
	return 0
}

func prepare(setting Setting) (servers []*server.Server, err error) {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return nil, fmt.Errorf("making mounts private: %w", err)
	}
	if err := syscall.Mount("etc", "/etc", "tmpfs", 0, ""); err != nil {
		return nil, fmt.Errorf("mounting over /etc: %w", err)
	}
	for name, text := range map[string]string{
		"resolv.conf": setting.Resolv, "hosts": setting.Hosts, "nsswitch.conf": "hosts: files dns\n", "host.conf": "multi on\n",
		"services": "ship 7777/tcp\n", "protocols": "tcp 6 TCP\n",
	} {
		if err := os.WriteFile("/etc/"+name, []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	const cache = "/var/run/nscd" // the daemon there would answer for glibc from another network (nscd(8))
	if _, err := os.Stat(cache); err == nil {
		if err := syscall.Mount("nscd", cache, "tmpfs", 0, ""); err != nil {
			return nil, fmt.Errorf("mounting over %s: %w", cache, err)
		}
	}
	if setting.NoIPv6 {
		// A kernel without IPv6 has no such file: then there is nothing to do.
		os.WriteFile("/proc/sys/net/ipv6/conf/all/disable_ipv6", []byte("1"), 0o644)
	}
	if err := loopbackUp(); err != nil {
		return nil, fmt.Errorf("bringing loopback up: %w", err)
	}
	if len(setting.Servers) == 0 {
		setting.Servers = []string{"127.0.0.1:53"}
	}
	for _, place := range setting.Servers {
		s, err := server.Start(place)
		if err != nil {
			return nil, err
		}
		if s.NoUDP != nil {
			return nil, s.NoUDP
		}
		servers = append(servers, s)
	}
	return servers, nil
}

// loopbackUp sets the flag that a new network's loopback lacks (netdevice(7)).
func loopbackUp() error {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(socket)
	var request struct {
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [24]byte
	}
	copy(request.name[:], "lo")
	for _, operation := range []uintptr{syscall.SIOCGIFFLAGS, syscall.SIOCSIFFLAGS} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(socket), operation, uintptr(unsafe.Pointer(&request))); errno != 0 {
			return errno
		}
		request.flags |= syscall.IFF_UP
	}
	return nil
}

func look(lookup Lookup) (o Outcome) {
	ctx, cancel := context.WithTimeout(context.Background(), 7*time.Second)
	defer cancel()
	resolver := net.DefaultResolver
	began := time.Now()
	var err error
	switch lookup.Kind {
	case "cname":
		var name string
		name, err = resolver.LookupCNAME(ctx, lookup.Name)
		o.Found = []string{name}
	case "addr":
		o.Found, err = resolver.LookupAddr(ctx, lookup.Name)
	case "dial":
		var waiting net.Listener
		if waiting, err = net.Listen("tcp4", "127.0.0.1:7777"); err != nil {
			break
		}
		defer waiting.Close()
		var connection net.Conn
		if connection, err = net.Dial("tcp", lookup.Name+":7777"); err == nil {
			o.Found = []string{connection.RemoteAddr().String()}
			connection.Close()
		}
	default:
		var found []net.IP
		found, err = resolver.LookupIP(ctx, lookup.Kind, lookup.Name)
		for _, place := range found {
			o.Found = append(o.Found, place.String())
		}
		slices.Sort(o.Found)
		o.Found = slices.Compact(o.Found)
	}
	o.Milliseconds = time.Since(began).Milliseconds()
	if err != nil {
		o.Error, o.Kind = err.Error(), Kind(err)
	}
	return o
}
