package program

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"home.arpa/nestbox/services/internal/platform/config"
	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/internal/platform/rds"
)

// Settings are what serve reads in every service. They and their parts are
// embedded in the service's own, whose Validate calls Problems.
type Settings struct {
	Postgres
	Redis
	Ops
	Listen         string        `env:"LISTEN"`
	TrustedProxies []string      `env:"TRUSTED_PROXIES"`
	DrainDelay     time.Duration `env:"DRAIN_DELAY"`
}

// DefaultSettings have no URLs: there is no default for them.
func DefaultSettings() (s Settings) {
	s.PG.MaxConns = 8
	s.Listen, s.OpsListen = ":8080", ":9090"
	return s
}

// Problems are what is wrong, each a sentence that names the variable.
func (s *Settings) Problems(prefix string) []error {
	problems := append(s.Postgres.Problems(prefix), s.Redis.Problems(prefix)...)
	for _, a := range []struct{ name, address string }{{"LISTEN", s.Listen}, {"OPS_LISTEN", s.OpsListen}} {
		if _, _, err := net.SplitHostPort(a.address); err != nil {
			problems = append(problems, fmt.Errorf("%s%s must be an address with a port, such as :8080", prefix, a.name))
		}
	}
	for _, a := range s.TrustedProxies {
		_, notPrefix := netip.ParsePrefix(a)
		if _, notAddr := netip.ParseAddr(a); notPrefix != nil && notAddr != nil {
			problems = append(problems, errors.New(prefix+"TRUSTED_PROXIES must be addresses or ranges such as 10.42.0.0/16, separated by commas"))
			break
		}
	}
	if s.DrainDelay < 0 || s.DrainDelay > time.Minute {
		problems = append(problems, errors.New(prefix+"DRAIN_DELAY must be 0s to 1m"))
	}
	return problems
}

// Postgres are the settings of the database.
type Postgres struct {
	PG struct {
		URL      config.Secret `env:"URL"`
		MaxConns int32         `env:"MAX_CONNS"`
	} `envPrefix:"PG_"`
}

// Problems is that of Settings.
func (p *Postgres) Problems(prefix string) (problems []error) {
	if p.PG.URL == "" {
		problems = append(problems, Missing(prefix+"PG_URL"))
	}
	if p.PG.MaxConns < 2 || p.PG.MaxConns > 100 {
		problems = append(problems, errors.New(prefix+"PG_MAX_CONNS must be 2 to 100"))
	}
	return problems
}

// Config is what pg.Open takes.
func (p *Postgres) Config(schema string, tracing bool) pg.Config {
	return pg.Config{URL: p.PG.URL.Reveal(), Schema: schema, MaxConns: p.PG.MaxConns, Tracing: tracing}
}

// Redis are the settings of Redis.
type Redis struct {
	Redis struct {
		URL config.Secret `env:"URL"`
	} `envPrefix:"REDIS_"`
}

// Problems is that of Settings.
func (r *Redis) Problems(prefix string) (problems []error) {
	if r.Redis.URL == "" {
		problems = append(problems, Missing(prefix+"REDIS_URL"))
	}
	return problems
}

// Config is what rds.Open takes.
func (r *Redis) Config(tracing bool) rds.Config {
	return rds.Config{URL: r.Redis.URL.Reveal(), Tracing: tracing}
}

// Ops is the setting of the operations port, all that the command ready reads.
type Ops struct {
	OpsListen string `env:"OPS_LISTEN"`
}

// Missing is the problem of a variable that must be set.
func Missing(name string) error {
	return errors.New(name + " is not set, and there is no default for it")
}
