//go:build !windows

package logbook

import (
	"errors"
	"os"
)

// syncFolder makes the name of a new file durable, which a sync of the file itself does not (fsync(2)).
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
