package main

import (
	"syscall"
	"time"
)

// processorTime is what all threads of this process took so far.
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

// nanoseconds of a duration, which Windows counts in steps of 100.
func nanoseconds(t syscall.Filetime) time.Duration {
	return time.Duration(int64(t.HighDateTime)<<32|int64(t.LowDateTime)) * 100
}
