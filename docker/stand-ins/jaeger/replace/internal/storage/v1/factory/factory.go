// Package factory has what package cmd/query/app names of it, for an archive that this build never has.
package factory

import "github.com/jaegertracing/jaeger/internal/storage/v1/api/spanstore"

// ArchiveStorage is never made.
type ArchiveStorage struct {
	Reader spanstore.Reader
	Writer spanstore.Writer
}
