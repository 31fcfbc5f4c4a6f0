package signals

import "syscall"

const continued = syscall.WCONTINUED
