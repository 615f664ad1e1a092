package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"home.arpa/nestbox/services/internal/platform/config"
	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/registry"
	"home.arpa/nestbox/services/registry/postgres"
)

const prefix = "REGISTRY_"

// settings are those of serve. The other subcommands read the part that they
// need: Stores, exported so that config.Load sees it.
type settings struct {
	Stores
	Listen         string        `env:"LISTEN"`
	OpsListen      string        `env:"OPS_LISTEN"`
	TokenKeyFile   string        `env:"TOKEN_KEY_FILE"`
	Enrolment      registry.Mode `env:"ENROLMENT"`
	EnrolmentKey   config.Secret `env:"ENROLMENT_KEY"`
	AdminPassword  config.Secret `env:"ADMIN_PASSWORD"`
	TrustedProxies []string      `env:"TRUSTED_PROXIES"`
	DrainDelay     time.Duration `env:"DRAIN_DELAY"`
}

func defaults() settings {
	return settings{Stores: defaultStores(), Listen: ":8080", OpsListen: ":9090", Enrolment: registry.ModeApprove}
}

// Validate implements the check of config.Load.
func (s *settings) Validate() []error {
	problems := s.Stores.Validate()
	if s.TokenKeyFile == "" {
		problems = append(problems, errors.New("REGISTRY_TOKEN_KEY_FILE is not set, and there is no default for it"))
	}
	if err := s.policy().Validate(); err != nil {
		problems = append(problems, fmt.Errorf("REGISTRY_ENROLMENT, REGISTRY_ENROLMENT_KEY: %w", err))
	}
	if s.AdminPassword != "" {
		if err := registry.ValidatePassword(s.AdminPassword.Reveal()); err != nil {
			problems = append(problems, fmt.Errorf("REGISTRY_ADMIN_PASSWORD: %w", err))
		}
	}
	for name, address := range map[string]string{"LISTEN": s.Listen, "OPS_LISTEN": s.OpsListen} {
		if _, _, err := net.SplitHostPort(address); err != nil {
			problems = append(problems, fmt.Errorf("%s%s must be an address with a port, such as :8080", prefix, name))
		}
	}
	for _, a := range s.TrustedProxies {
		_, notPrefix := netip.ParsePrefix(a)
		if _, notAddr := netip.ParseAddr(a); notPrefix != nil && notAddr != nil {
			problems = append(problems, errors.New("REGISTRY_TRUSTED_PROXIES must be addresses or ranges such as 10.42.0.0/16, separated by commas"))
			break
		}
	}
	if s.DrainDelay < 0 || s.DrainDelay > time.Minute {
		problems = append(problems, errors.New("REGISTRY_DRAIN_DELAY must be 0s to 1m"))
	}
	return problems
}

func (s *settings) policy() registry.Policy {
	return registry.Policy{Mode: s.Enrolment, Key: s.EnrolmentKey.Reveal()}
}

// Stores are the settings of where the registry keeps what it knows.
type Stores struct {
	PG struct {
		URL      config.Secret `env:"URL"`
		MaxConns int32         `env:"MAX_CONNS"`
	} `envPrefix:"PG_"`
	Redis struct {
		URL config.Secret `env:"URL"`
	} `envPrefix:"REDIS_"`
}

func defaultStores() (s Stores) {
	s.PG.MaxConns = 8
	return s
}

// Validate implements the check of config.Load.
func (s *Stores) Validate() (problems []error) {
	if s.PG.URL == "" {
		problems = append(problems, errors.New("REGISTRY_PG_URL is not set, and there is no default for it"))
	}
	if s.PG.MaxConns < 2 || s.PG.MaxConns > 100 {
		problems = append(problems, errors.New("REGISTRY_PG_MAX_CONNS must be 2 to 100"))
	}
	if s.Redis.URL == "" {
		problems = append(problems, errors.New("REGISTRY_REDIS_URL is not set, and there is no default for it"))
	}
	return problems
}

func (s *Stores) postgres(tracing bool) pg.Config {
	return pg.Config{URL: s.PG.URL.Reveal(), Schema: postgres.Schema, MaxConns: s.PG.MaxConns, Tracing: tracing}
}
