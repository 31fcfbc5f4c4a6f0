package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

func expect(what string, got, want any) error {
	if got != want {
		return fmt.Errorf("%s: got %v, want %v", what, got, want)
	}
	return nil
}

// goroutines sums the numbers 1 to 20,000 through a chain of channels and a pool of workers.
func goroutines() error {
	const workers, numbers = 32, 20000
	in, out := make(chan int), make(chan int, 4)
	var pool sync.WaitGroup
	for i := 0; i < workers; i++ {
		pool.Add(1)
		go func() {
			defer pool.Done()
			sum := 0
			for n := range in {
				sum += n
				if n%64 == 0 {
					runtime.Gosched()
				}
			}
			out <- sum
		}()
	}
	go func() {
		for n := 1; n <= numbers; n++ {
			in <- n
		}
		close(in)
		pool.Wait()
		close(out)
	}()
	total := 0
	for sum := range out {
		total += sum
	}
	return expect("sum", total, numbers*(numbers+1)/2)
}

type tree struct{ left, right *tree }

func grow(depth int) *tree {
	if depth == 0 {
		return &tree{}
	}
	return &tree{grow(depth - 1), grow(depth - 1)}
}

func (t *tree) count() int {
	if t.left == nil {
		return 1
	}
	return 1 + t.left.count() + t.right.count()
}

// garbageCollection keeps collecting while four goroutines build trees and grow their stacks.
func garbageCollection() error {
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	kept := grow(12)
	wrong := make(chan error, 4)
	for g := 0; g < 4; g++ {
		go func() {
			for i := 0; i < 12; i++ {
				if n := grow(10).count(); n != 2047 {
					wrong <- fmt.Errorf("a tree of 2047 nodes counts %d", n)
					return
				}
			}
			wrong <- nil
		}()
	}
	runtime.GC()
	for g := 0; g < 4; g++ {
		if err := <-wrong; err != nil {
			return err
		}
	}
	runtime.ReadMemStats(&after)
	if after.NumGC == before.NumGC {
		return errors.New("nothing was collected")
	}
	return expect("nodes kept", kept.count(), 8191)
}

// timers must not fire early, and must all fire. How late they fire is not judged.
func timers() error {
	const count = 40
	early := make(chan time.Duration, count)
	began := time.Now()
	for i := 1; i <= count; i++ {
		wait := time.Duration(i) * time.Millisecond / 2
		time.AfterFunc(wait, func() { early <- wait - time.Since(began) })
	}
	for i := 0; i < count; i++ {
		if by := <-early; by > 0 {
			return fmt.Errorf("a timer fired %v early", by)
		}
	}
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for i := 0; i < 5; i++ {
		<-ticker.C
	}
	return nil
}

// preemption interrupts loops that never call anything: only a signal can (asynchronous preemption, Go 1.14).
func preemption() error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for round := 0; round < 3; round++ {
		var stop atomic.Bool
		ended := make(chan int)
		go func() {
			turns := 0
			for !stop.Load() {
				turns++
			}
			ended <- turns
		}()
		time.Sleep(2 * time.Millisecond)
		stop.Store(true)
		if <-ended < 0 {
			return errors.New("a counter went backwards")
		}
	}
	return nil
}

// atomics are 64 bits wide on 32-bit machines too, and never torn.
func atomics() error {
	const workers, rounds = 8, 4000
	var sum, swaps atomic.Int64
	var both atomic.Uint64
	torn := atomic.Bool{}
	var pool sync.WaitGroup
	for w := uint64(0); w < workers; w++ {
		pool.Add(1)
		go func(w uint64) {
			defer pool.Done()
			for i := 0; i < rounds; i++ {
				sum.Add(1 << 32)
				for {
					old := swaps.Load()
					if swaps.CompareAndSwap(old, old+3) {
						break
					}
				}
				both.Store(w<<32 | w)
				if v := both.Load(); v>>32 != v&0xffffffff {
					torn.Store(true)
				}
			}
		}(w)
	}
	pool.Wait()
	if torn.Load() {
		return errors.New("a 64-bit value was torn")
	}
	if err := expect("sum", sum.Load(), int64(workers*rounds)<<32); err != nil {
		return err
	}
	return expect("swaps", swaps.Load(), int64(workers*rounds*3))
}

// float uses only operations that IEEE 754 rounds in one way. Each product is converted, so that no compiler
// may fuse it with an addition (arm64, ppc64, s390x, riscv64 and loong64 would).
func float() error {
	sum, single := 0.0, float32(0)
	for i := 1; i <= 2000; i++ {
		x := float64(i)
		sum += float64(math.Sqrt(x)*1.1) / float64(x+0.3)
		sum -= math.Floor(float64(x*0.37)) / 1024
		single += float32(float32(x)/3) - float32(math.Trunc(x/7))
	}
	if err := expect("float64 bits", math.Float64bits(sum), uint64(0xc0838ffd1a38c8b5)); err != nil {
		return err
	}
	if err := expect("float32 bits", math.Float32bits(single), uint32(0x48ba8600)); err != nil {
		return err
	}
	if nan := math.NaN(); nan == nan || !math.IsInf(1/math.Copysign(0, -1), -1) {
		return errors.New("NaN or negative zero")
	}
	return expect("fused multiply-add", math.FMA(0x1p30+1, 0x1p30-1, -0x1p60), -1.0)
}

// cryptography runs the assembly of the standard library, chosen by the CPU's features, on published vectors.
func cryptography() error {
	million := bytes.Repeat([]byte("a"), 1000000)
	sum256, sum512 := sha256.Sum256(million), sha512.Sum512(million)
	if err := expect("SHA-256", hex.EncodeToString(sum256[:8]), "cdc76e5c9914fb92"); err != nil {
		return err
	}
	if err := expect("SHA-512", hex.EncodeToString(sum512[:8]), "e718483d0ce76964"); err != nil {
		return err
	}
	// NIST GCM, test case 2: a zero key, nonce and block.
	block, err := aes.NewCipher(make([]byte, 16))
	if err != nil {
		return err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return err
	}
	sealed := gcm.Seal(nil, make([]byte, 12), make([]byte, 16), nil)
	if err := expect("AES-GCM", hex.EncodeToString(sealed),
		"0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"); err != nil {
		return err
	}
	// RFC 8032, section 7.1, test 1.
	seed, _ := hex.DecodeString("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
	key := ed25519.NewKeyFromSeed(seed)
	signature := ed25519.Sign(key, nil)
	if err := expect("Ed25519", hex.EncodeToString(signature[:8]), "e5564300c360ac72"); err != nil {
		return err
	}
	return expect("Ed25519 verifies", ed25519.Verify(key.Public().(ed25519.PublicKey), nil, signature), true)
}

func files() error {
	dir, err := os.MkdirTemp("", "canary")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	content := bytes.Repeat([]byte("seatrial\n"), 10000)
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	if err := os.WriteFile(first, content, 0o600); err != nil {
		return err
	}
	if err := os.Rename(first, second); err != nil {
		return err
	}
	file, err := os.Open(second)
	if err != nil {
		return err
	}
	defer file.Close()
	part := make([]byte, 8)
	if _, err := file.ReadAt(part, 81); err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := expect("size", info.Size(), int64(len(content))); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if err := expect("entries", len(entries), 1); err != nil {
		return err
	}
	return expect("content", string(part), "seatrial")
}

// tcpLoopback echoes through the network poller.
func tcpLoopback() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.Copy(c, c)
			}()
		}
	}()
	wrong := make(chan error, 4)
	for i := 0; i < 4; i++ {
		go func(i int) { wrong <- echo(listener.Addr().String(), byte('a'+i)) }(i)
	}
	for i := 0; i < 4; i++ {
		if err := <-wrong; err != nil {
			return err
		}
	}
	return nil
}

func echo(address string, letter byte) error {
	c, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	sent := bytes.Repeat([]byte{letter}, 32<<10)
	go c.Write(sent)
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(c, got); err != nil {
		return err
	}
	return expect("echo", bytes.Equal(got, sent), true)
}

var nobody *struct {
	padding [16]int
	value   int
}

// nilDereference turns a fault of the CPU into a panic that the program survives, in several goroutines at once.
func nilDereference() error {
	wrong := make(chan error, 4)
	for i := 0; i < 4; i++ {
		go func() { wrong <- survive() }()
	}
	for i := 0; i < 4; i++ {
		if err := <-wrong; err != nil {
			return err
		}
	}
	return nil
}

func survive() (err error) {
	defer func() {
		fault, ok := recover().(runtime.Error)
		if !ok || !strings.Contains(fault.Error(), "nil pointer dereference") {
			err = fmt.Errorf("recovered %v", fault)
		}
	}()
	return fmt.Errorf("read %d through nil", nobody.value)
}

// selfExec starts this program again: under user-mode emulation that needs help from the kernel (binfmt_misc).
func selfExec() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	out, err := exec.Command(self, childArgument).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%v: %s", err, bytes.TrimSpace(out))
	}
	return expect("child", strings.HasPrefix(string(out), "child of"), true)
}
