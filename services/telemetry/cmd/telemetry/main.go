// Command telemetry serves the part of Nestbox that knows heartbeats, presence
// and motion. Its settings are environment variables, see settings.go.
package main

import (
	"context"

	"home.arpa/nestbox/services/internal/platform/program"
	"home.arpa/nestbox/services/telemetry/postgres"
)

// version is set by the linker.
var version = "dev"

func main() { program.Main(newProgram) }

func newProgram(at program.Process) *program.Program {
	p := &program.Program{
		Process: at, Name: "telemetry", Version: version,
		Short: "The Nestbox service for heartbeats, presence and motion",
		Settings: `  TELEMETRY_PG_URL                 Postgres, as postgres:// URL or key=value text (required, secret)
  TELEMETRY_PG_MAX_CONNS           connections at most (8)
  TELEMETRY_REDIS_URL              Redis, redis://host:6379/0 (required, secret)
  TELEMETRY_TOKEN_PUBLIC_KEY_FILE  public keys that device tokens are signed with, see "registry keygen" (required)
  TELEMETRY_EVENT_RETENTION_DAYS   age in days at which events are removed; 0 keeps them (90)
  TELEMETRY_LISTEN                 address of the API (:8080)
  TELEMETRY_OPS_LISTEN             address of /livez, /readyz and /metrics (:9090)
  TELEMETRY_TRUSTED_PROXIES        addresses or ranges whose X-Forwarded-For is believed, separated by commas
  TELEMETRY_DRAIN_DELAY            pause between "not ready" and the end of accepting (0s)
  NESTBOX_LOG_LEVEL, NESTBOX_LOG_FORMAT, OTEL_*`,
	}
	p.Add(
		program.Command("serve", "Serve the API", serveHelp, func(ctx context.Context) error { return serve(ctx, p) }),
		p.Migrate(postgres.Migrations),
	)
	return p
}
