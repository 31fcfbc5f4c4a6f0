package suite

import (
	"os"
	"sync"
)

// worker runs cases in this process, in the order of the plan. A case that ends the process ends the worker: whoever
// started it charges the first case without a result.
func worker(ids []string) int {
	code := 0
	for _, id := range ids {
		result := run(registry[id])
		if result.State == Fail {
			code = 1
		}
		tell(result)
	}
	if os.Getenv(rootEnv) == "" {
		clean()
	}
	return code
}

// root is the folder under which cases get theirs: the supervisor's, or one of this process's own; "" where none can
// be made.
var root = sync.OnceValue(func() string {
	if dir := os.Getenv(rootEnv); dir != "" {
		return dir
	}
	dir, err := os.MkdirTemp("", "conformance-")
	if err != nil {
		complain("no folder to work in: %v", err)
		return ""
	}
	return dir
})

// clean removes this process's own folder.
func clean() {
	if root() != "" {
		os.RemoveAll(root())
	}
}
