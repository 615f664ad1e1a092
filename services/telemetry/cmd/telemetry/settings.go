package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"home.arpa/nestbox/services/internal/platform/config"
	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/telemetry"
	"home.arpa/nestbox/services/telemetry/postgres"
)

const prefix = "TELEMETRY_"

// settings are those of serve. Migrate reads the part that it needs: Database,
// exported so that config.Load sees it.
type settings struct {
	Database
	Redis struct {
		URL config.Secret `env:"URL"`
	} `envPrefix:"REDIS_"`
	TokenPublicKeyFile string        `env:"TOKEN_PUBLIC_KEY_FILE"`
	EventRetentionDays int           `env:"EVENT_RETENTION_DAYS"`
	Listen             string        `env:"LISTEN"`
	OpsListen          string        `env:"OPS_LISTEN"`
	TrustedProxies     []string      `env:"TRUSTED_PROXIES"`
	DrainDelay         time.Duration `env:"DRAIN_DELAY"`
}

func defaults() settings {
	return settings{
		Database: defaultDatabase(), Listen: ":8080", OpsListen: ":9090",
		EventRetentionDays: int(telemetry.DefaultRetention / day),
	}
}

const day = 24 * time.Hour

// maxRetentionDays is ten years, more than any clock of ours is to be trusted
// with.
const maxRetentionDays = 3650

func (s *settings) retention() time.Duration { return time.Duration(s.EventRetentionDays) * day }

// Validate implements the check of config.Load.
func (s *settings) Validate() []error {
	problems := s.Database.Validate()
	if s.Redis.URL == "" {
		problems = append(problems, errors.New("TELEMETRY_REDIS_URL is not set, and there is no default for it"))
	}
	if s.TokenPublicKeyFile == "" {
		problems = append(problems, errors.New("TELEMETRY_TOKEN_PUBLIC_KEY_FILE is not set, and there is no default for it"))
	}
	if s.EventRetentionDays < 0 || s.EventRetentionDays > maxRetentionDays {
		problems = append(problems, fmt.Errorf("TELEMETRY_EVENT_RETENTION_DAYS must be 0 to %d", maxRetentionDays))
	}
	for _, a := range []struct{ name, address string }{{"LISTEN", s.Listen}, {"OPS_LISTEN", s.OpsListen}} {
		if _, _, err := net.SplitHostPort(a.address); err != nil {
			problems = append(problems, fmt.Errorf("%s%s must be an address with a port, such as :8080", prefix, a.name))
		}
	}
	for _, a := range s.TrustedProxies {
		_, notPrefix := netip.ParsePrefix(a)
		if _, notAddr := netip.ParseAddr(a); notPrefix != nil && notAddr != nil {
			problems = append(problems, errors.New("TELEMETRY_TRUSTED_PROXIES must be addresses or ranges such as 10.42.0.0/16, separated by commas"))
			break
		}
	}
	if s.DrainDelay < 0 || s.DrainDelay > time.Minute {
		problems = append(problems, errors.New("TELEMETRY_DRAIN_DELAY must be 0s to 1m"))
	}
	return problems
}

// Database are the settings of Postgres.
type Database struct {
	PG struct {
		URL      config.Secret `env:"URL"`
		MaxConns int32         `env:"MAX_CONNS"`
	} `envPrefix:"PG_"`
}

func defaultDatabase() (d Database) {
	d.PG.MaxConns = 8
	return d
}

// Validate implements the check of config.Load.
func (d *Database) Validate() (problems []error) {
	if d.PG.URL == "" {
		problems = append(problems, errors.New("TELEMETRY_PG_URL is not set, and there is no default for it"))
	}
	if d.PG.MaxConns < 2 || d.PG.MaxConns > 100 {
		problems = append(problems, errors.New("TELEMETRY_PG_MAX_CONNS must be 2 to 100"))
	}
	return problems
}

func (d *Database) config(tracing bool) pg.Config {
	return pg.Config{URL: d.PG.URL.Reveal(), Schema: postgres.Schema, MaxConns: d.PG.MaxConns, Tracing: tracing}
}
