// Command registry serves the part of Nestbox that knows devices, commands and
// operators. Its settings are environment variables, see settings.go.
package main

import (
	"context"

	"home.arpa/nestbox/services/internal/platform/program"
	"home.arpa/nestbox/services/registry/postgres"
)

// version is set by the linker.
var version = "dev"

func main() { program.Main(newProgram) }

func newProgram(at program.Process) *program.Program {
	p := &program.Program{
		Process: at, Name: "registry", Version: version,
		Short: "The Nestbox service for devices, commands and operators",
		Settings: `  REGISTRY_PG_URL            Postgres, as postgres:// URL or key=value text (required, secret)
  REGISTRY_PG_MAX_CONNS      connections at most (8)
  REGISTRY_REDIS_URL         Redis, redis://host:6379/0 (required, secret)
  REGISTRY_TOKEN_KEY_FILE    private key that signs device tokens, see "registry keygen" (required)
  REGISTRY_ENROLMENT         who admits new devices: approve (default), key or open
  REGISTRY_ENROLMENT_KEY     the shared key of mode key (secret)
  REGISTRY_ADMIN_PASSWORD    password of "admin" at the first start; a random one is printed when empty (secret)
  REGISTRY_LISTEN            address of the API (:8080)
  REGISTRY_OPS_LISTEN        address of /livez, /readyz and /metrics (:9090)
  REGISTRY_TRUSTED_PROXIES   addresses or ranges whose X-Forwarded-For is believed, separated by commas
  REGISTRY_DRAIN_DELAY       pause between "not ready" and the end of accepting (0s)
  NESTBOX_LOG_LEVEL, NESTBOX_LOG_FORMAT, OTEL_*`,
	}
	p.Add(
		program.Command("serve", "Serve the API", serveHelp, func(ctx context.Context) error { return serve(ctx, p) }),
		p.Migrate(postgres.Migrations),
		keygen(),
		program.Command("reset-password", `Give "admin" a new random password`, resetHelp, func(ctx context.Context) error { return resetPassword(ctx, p) }),
	)
	return p
}
