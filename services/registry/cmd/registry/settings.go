package main

import (
	"fmt"

	"home.arpa/nestbox/services/internal/platform/config"
	"home.arpa/nestbox/services/internal/platform/program"
	"home.arpa/nestbox/services/registry"
)

const prefix = "REGISTRY_"

// settings are those of serve.
type settings struct {
	program.Settings
	TokenKeyFile  string        `env:"TOKEN_KEY_FILE"`
	Enrolment     registry.Mode `env:"ENROLMENT"`
	EnrolmentKey  config.Secret `env:"ENROLMENT_KEY"`
	AdminPassword config.Secret `env:"ADMIN_PASSWORD"`
}

func defaults() settings {
	return settings{Settings: program.DefaultSettings(), Enrolment: registry.ModeApprove}
}

// Validate implements the check of config.Load.
func (s *settings) Validate() []error {
	problems := s.Problems(prefix)
	if s.TokenKeyFile == "" {
		problems = append(problems, program.Missing("REGISTRY_TOKEN_KEY_FILE"))
	}
	if err := s.policy().Validate(); err != nil {
		problems = append(problems, fmt.Errorf("REGISTRY_ENROLMENT, REGISTRY_ENROLMENT_KEY: %w", err))
	}
	if s.AdminPassword != "" {
		if err := registry.ValidatePassword(s.AdminPassword.Reveal()); err != nil {
			problems = append(problems, fmt.Errorf("REGISTRY_ADMIN_PASSWORD: %w", err))
		}
	}
	return problems
}

func (s *settings) policy() registry.Policy {
	return registry.Policy{Mode: s.Enrolment, Key: s.EnrolmentKey.Reveal()}
}

// stores are the settings of reset-password.
type stores struct {
	program.Postgres
	program.Redis
}

// Validate implements the check of config.Load.
func (s *stores) Validate() []error {
	return append(s.Postgres.Problems(prefix), s.Redis.Problems(prefix)...)
}
