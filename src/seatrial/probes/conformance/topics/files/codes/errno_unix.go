//go:build unix

package codes

import "syscall"

func busy(code syscall.Errno) bool {
	switch code {
	case syscall.EBUSY, syscall.ETXTBSY, syscall.EAGAIN, syscall.EDEADLK:
		return true
	}
	return false
}

func systemName(code syscall.Errno) string {
	for _, row := range errnos {
		if row.code == code {
			return row.name
		}
	}
	return ""
}

// The numbers differ between systems, and on Linux between architectures; the names are those of errno(3).
var errnos = []struct {
	code syscall.Errno
	name string
}{
	{syscall.EPERM, "EPERM"}, {syscall.ENOENT, "ENOENT"}, {syscall.ESRCH, "ESRCH"}, {syscall.EINTR, "EINTR"},
	{syscall.EIO, "EIO"}, {syscall.ENXIO, "ENXIO"}, {syscall.E2BIG, "E2BIG"}, {syscall.ENOEXEC, "ENOEXEC"},
	{syscall.EBADF, "EBADF"}, {syscall.ECHILD, "ECHILD"}, {syscall.EAGAIN, "EAGAIN"}, {syscall.ENOMEM, "ENOMEM"},
	{syscall.EACCES, "EACCES"}, {syscall.EFAULT, "EFAULT"}, {syscall.EBUSY, "EBUSY"}, {syscall.EEXIST, "EEXIST"},
	{syscall.EXDEV, "EXDEV"}, {syscall.ENODEV, "ENODEV"}, {syscall.ENOTDIR, "ENOTDIR"}, {syscall.EISDIR, "EISDIR"},
	{syscall.EINVAL, "EINVAL"}, {syscall.ENFILE, "ENFILE"}, {syscall.EMFILE, "EMFILE"}, {syscall.ENOTTY, "ENOTTY"},
	{syscall.ETXTBSY, "ETXTBSY"}, {syscall.EFBIG, "EFBIG"}, {syscall.ENOSPC, "ENOSPC"}, {syscall.ESPIPE, "ESPIPE"},
	{syscall.EROFS, "EROFS"}, {syscall.EMLINK, "EMLINK"}, {syscall.EPIPE, "EPIPE"}, {syscall.EDOM, "EDOM"},
	{syscall.ERANGE, "ERANGE"}, {syscall.EDEADLK, "EDEADLK"}, {syscall.ENAMETOOLONG, "ENAMETOOLONG"},
	{syscall.ENOLCK, "ENOLCK"}, {syscall.ENOSYS, "ENOSYS"}, {syscall.ENOTEMPTY, "ENOTEMPTY"},
	{syscall.ELOOP, "ELOOP"}, {syscall.EIDRM, "EIDRM"}, {syscall.EOVERFLOW, "EOVERFLOW"}, {syscall.EILSEQ, "EILSEQ"},
	{syscall.EUSERS, "EUSERS"}, {syscall.ENOTSOCK, "ENOTSOCK"}, {syscall.EDESTADDRREQ, "EDESTADDRREQ"},
	{syscall.EMSGSIZE, "EMSGSIZE"}, {syscall.EPROTOTYPE, "EPROTOTYPE"}, {syscall.ENOPROTOOPT, "ENOPROTOOPT"},
	{syscall.EPROTONOSUPPORT, "EPROTONOSUPPORT"}, {syscall.EOPNOTSUPP, "EOPNOTSUPP"}, {syscall.ENOTSUP, "ENOTSUP"},
	{syscall.EAFNOSUPPORT, "EAFNOSUPPORT"}, {syscall.EADDRINUSE, "EADDRINUSE"},
	{syscall.EADDRNOTAVAIL, "EADDRNOTAVAIL"}, {syscall.ENETDOWN, "ENETDOWN"}, {syscall.ENETUNREACH, "ENETUNREACH"},
	{syscall.ENETRESET, "ENETRESET"}, {syscall.ECONNABORTED, "ECONNABORTED"}, {syscall.ECONNRESET, "ECONNRESET"},
	{syscall.ENOBUFS, "ENOBUFS"}, {syscall.EISCONN, "EISCONN"}, {syscall.ENOTCONN, "ENOTCONN"},
	{syscall.ESHUTDOWN, "ESHUTDOWN"}, {syscall.ETIMEDOUT, "ETIMEDOUT"}, {syscall.ECONNREFUSED, "ECONNREFUSED"},
	{syscall.EHOSTDOWN, "EHOSTDOWN"}, {syscall.EHOSTUNREACH, "EHOSTUNREACH"}, {syscall.EALREADY, "EALREADY"},
	{syscall.EINPROGRESS, "EINPROGRESS"}, {syscall.ESTALE, "ESTALE"}, {syscall.EDQUOT, "EDQUOT"},
	{syscall.ECANCELED, "ECANCELED"},
}
