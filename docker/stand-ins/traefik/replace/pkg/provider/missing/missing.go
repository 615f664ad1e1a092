// Package missing stands where this build has no provider. Who configures one is told so at start.
package missing

import (
	"errors"

	ptypes "github.com/traefik/paerser/types"
	"github.com/traefik/traefik/v3/pkg/config/dynamic"
	"github.com/traefik/traefik/v3/pkg/safe"
)

// Provider has the fields that the static configuration looks at.
type Provider struct {
	HTTPClientTimeout, RefreshSeconds                         ptypes.Duration
	EntryPoints                                               map[string]Entrypoint
	NonTLSEntryPoints                                         []string
	DefaultRuleSyntax, WatchNamespace, WatchNamespaceSelector string
}

// Entrypoint is what the provider of the Gateway API is told of one.
type Entrypoint struct {
	Address        string
	HasHTTPTLSConf bool
}

// BuildProviders is called where there may be one for each namespace.
func (p *Provider) BuildProviders() []*Provider { return []*Provider{p} }

// FillExtensionBuilderRegistry does nothing.
func (*Provider) FillExtensionBuilderRegistry(any) {}

// Init always fails.
func (*Provider) Init() error { return errors.New("this build has no such provider") }

// Provide is never called.
func (*Provider) Provide(chan<- dynamic.Message, *safe.Pool) error { return nil }
