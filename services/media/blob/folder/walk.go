package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"home.arpa/nestbox/services/media"
)

// Walk implements media.Blobs. It holds the names of one subfolder at a time; both
// levels are read in order of name, which is the order of ids.
func (f *Folder) Walk(ctx context.Context, fn func(media.Entry) error) error {
	top, err := fs.ReadDir(f.root.FS(), ".")
	if err != nil {
		return translate(fmt.Errorf("walk folder: %w", err))
	}
	for _, shard := range top {
		switch {
		case shard.IsDir() && shard.Name() == incoming:
			continue
		case shard.IsDir() && isShard(shard.Name()):
			err = f.walkShard(ctx, shard.Name(), fn)
		default:
			err = fn(media.Entry{Name: shard.Name()})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *Folder) walkShard(ctx context.Context, shard string, fn func(media.Entry) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	files, err := fs.ReadDir(f.root.FS(), shard)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the last file in it went, and it with it
	}
	if err != nil {
		return translate(fmt.Errorf("walk folder: %w", err))
	}
	for _, file := range files {
		info, err := file.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return translate(fmt.Errorf("walk folder: %w", err))
		}
		e := media.Entry{Name: shard + "/" + file.Name(), Size: info.Size()}
		id, isPicture := strings.CutSuffix(file.Name(), fileSuffix)
		if isPicture && info.Mode().IsRegular() && strings.HasPrefix(id, shard) && media.CheckPictureID(id) == nil {
			e.ID = id
		}
		if err := fn(e); err != nil {
			return err
		}
	}
	return nil
}

// isShard reports whether a folder's name can be the beginning of an id.
func isShard(name string) bool {
	return len(name) == shardChars && strings.Trim(name, "0123456789abcdef") == ""
}
