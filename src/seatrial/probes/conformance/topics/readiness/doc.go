// Package readiness asks epoll, kqueue or IOCP, pipes, timers and what moves bytes between them.
package readiness
