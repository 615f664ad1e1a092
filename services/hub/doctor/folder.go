package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"home.arpa/nestbox/services/hub/datadir"
)

// Folder checks that the data folder is there, ours and closed to others.
func Folder(p datadir.Path) Check {
	return Check{"folder", func(context.Context) Finding {
		if err := p.Exists(); err != nil {
			return bad("start the hub once, or name its folder with --data", "%v", err)
		}
		if err := p.Whole(); err != nil {
			return bad("run `nestbox restore --force FILE` again", "%v", err)
		}
		pid, running, err := p.Holder()
		if err != nil {
			return bad("run doctor as the user that the hub runs as", "%v", err)
		}
		if running {
			return good("%s, in use by process %d", p, pid)
		}
		return good("%s, no hub runs on it", p)
	}}
}

// Permissions checks that we are the owner, and that what is secret can be read by nobody else: either the folder is closed,
// or, where it is a mounted volume that must be open, each thing in it.
func Permissions(p datadir.Path) Check {
	return Check{"privacy", func(context.Context) Finding {
		var open []string
		for _, path := range []string{
			string(p), p.In(datadir.TokenKey), p.In(datadir.RegistryDB), p.In(datadir.TelemetryDB), p.In(datadir.MediaDB),
			p.In(datadir.Pictures), p.In(datadir.Thumbnails),
		} {
			info, err := os.Stat(path)
			if errors.Is(err, fs.ErrNotExist) {
				continue // others say so
			}
			if err != nil {
				return bad("run doctor as the user that the hub runs as", "%v", err)
			}
			if s, ok := info.Sys().(*syscall.Stat_t); ok && int(s.Uid) != os.Geteuid() && os.Geteuid() != 0 {
				return bad(fmt.Sprintf("run doctor as that user, or: sudo chown -R %d %s", os.Geteuid(), p), "%s belongs to user %d", path, s.Uid)
			}
			if info.Mode().Perm()&0o077 != 0 {
				open = append(open, path)
			}
		}
		if len(open) > 1 && open[0] == string(p) {
			return bad("chmod -R go= "+string(p), "other users of this machine can read %s", open[1])
		}
		return good("readable by its owner only")
	}}
}

// minFree is the space in bytes that retention leaves free; below half of it the hub refuses pictures.
const minFree = 512 << 20

// Disk checks the free space. usage tells what the pictures take and may take, in bytes; 0 is no quota.
func Disk(p datadir.Path, usage func(context.Context) (used, quota int64, err error)) Check {
	return Check{"disk", func(ctx context.Context) Finding {
		var s syscall.Statfs_t
		if err := syscall.Statfs(string(p), &s); err != nil {
			return bad("look at the disk with df and dmesg", "file system of %s: %v", p, err)
		}
		free := int64(s.Bavail) * int64(s.Bsize) //nolint:unconvert // the types differ between systems
		if free < minFree/2 {
			return bad("delete something that is not the hub's: it has deleted all the pictures that it may",
				"only %s free for %s; pictures are refused", Bytes(free), p)
		}
		if s.Files > 0 && s.Ffree < 1000 {
			return bad("delete small files on this disk", "only %d more files fit on the disk of %s", s.Ffree, p)
		}
		used, quota, err := usage(ctx)
		if err != nil {
			return bad("see the line about the databases", "the space that pictures take is not known: %v", err)
		}
		of := ""
		if quota > 0 {
			of = " of " + Bytes(quota)
		}
		return good("%s free; pictures take %s%s", Bytes(free), Bytes(used), of)
	}}
}

// Bytes writes a size for people.
func Bytes(n int64) string {
	f, units := float64(n), []string{"bytes", "KB", "MB", "GB", "TB"}
	i := 0
	for ; f >= 1024 && i < len(units)-1; i++ {
		f /= 1024
	}
	if i == 0 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f %s", f, units[i])
}
