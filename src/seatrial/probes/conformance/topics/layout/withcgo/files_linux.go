package withcgo

// #include "system.h"
import "C"

import (
	"syscall"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "layout/struct-stat",
		Contract: "struct stat is one layout in C, in cgo and in syscall.Stat_t.",
		Source:   threeViews + "stat(2), stat(3type)",
		Breaks:   "os.FileInfo.Sys() given to C code shows other files' sizes and times.",
		Run:      func(t *suite.T) { threefold[C.struct_stat, syscall.Stat_t](t, "stat") },
	}, suite.Case{
		ID:       "layout/struct-statfs",
		Contract: "struct statfs is one layout in C, in cgo and in syscall.Statfs_t.",
		Source:   threeViews + "statfs(2)",
		Breaks:   "C code that Go hands a Statfs_t computes wrong free space.",
		Run:      func(t *suite.T) { threefold[C.struct_statfs, syscall.Statfs_t](t, "statfs") },
	}, suite.Case{
		ID:       "layout/struct-dirent",
		Contract: "struct dirent is one layout in C, in cgo and in syscall.Dirent.",
		Source:   threeViews + "readdir(3), with 64-bit offsets",
		Breaks:   "Folders that C reads and Go lists have other names.",
		Run:      func(t *suite.T) { threefold[C.struct_dirent, syscall.Dirent](t, "dirent") },
	}, suite.Case{
		ID:       "layout/struct-flock",
		Contract: "struct flock is one layout in C, in cgo and in syscall.Flock_t.",
		Source:   threeViews + "fcntl(2), struct flock with 64-bit offsets",
		Breaks:   "Locks that C libraries (SQLite) and Go take in one file miss each other.",
		Run:      func(t *suite.T) { threefold[C.struct_flock, syscall.Flock_t](t, "flock") },
	}, suite.Case{
		ID:       "layout/struct-inotify-event",
		Contract: "struct inotify_event is one layout in C, in cgo and in syscall.InotifyEvent.",
		Source:   threeViews + "inotify(7)",
		Breaks:   "Watchers that share a descriptor with C read wrong names.",
		Run:      func(t *suite.T) { threefold[C.struct_inotify_event, syscall.InotifyEvent](t, "inotify_event") },
	}, suite.Case{
		ID:       "layout/struct-termios",
		Contract: "struct termios is one layout in C, in cgo and in syscall.Termios.",
		Source:   threeViews + "termios(3); musl names two fields otherwise",
		Breaks:   "Terminals that readline or ncurses has set are not restored by Go.",
		Run:      func(t *suite.T) { threefold[C.struct_termios, syscall.Termios](t, "termios") },
	}, suite.Case{
		ID:       "layout/struct-epoll-event",
		Contract: "struct epoll_event is one layout in C, in cgo and in syscall.EpollEvent.",
		Source:   threeViews + "epoll_event(3type), packed on amd64 only",
		Breaks:   "C event loops and Go that share an epoll descriptor mistake each other's data.",
		Run:      func(t *suite.T) { threefold[C.struct_epoll_event, syscall.EpollEvent](t, "epoll_event") },
	}, suite.Case{
		ID:       "layout/struct-iovec",
		Contract: "struct iovec is one layout in C, in cgo and in syscall.Iovec.",
		Source:   threeViews + "iovec(3type)",
		Breaks:   "Buffers passed on to C's writev are cut.",
		Run:      func(t *suite.T) { threefold[C.struct_iovec, syscall.Iovec](t, "iovec") },
	})
}
