package main

import (
	"syscall"
	"time"
)

// processorTime returns the CPU time that all threads of this process have used.
func processorTime() time.Duration {
	self, err := syscall.GetCurrentProcess()
	if err != nil {
		panic(err)
	}
	var created, exited, kernel, user syscall.Filetime
	if err := syscall.GetProcessTimes(self, &created, &exited, &kernel, &user); err != nil {
		panic(err)
	}
	return nanoseconds(kernel) + nanoseconds(user)
}

// nanoseconds converts a duration, which Windows counts in units of 100 ns.
func nanoseconds(t syscall.Filetime) time.Duration {
	return time.Duration(int64(t.HighDateTime)<<32|int64(t.LowDateTime)) * 100
}
