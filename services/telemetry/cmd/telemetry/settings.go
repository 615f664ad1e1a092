package main

import (
	"fmt"
	"time"

	"home.arpa/nestbox/services/internal/platform/program"
	"home.arpa/nestbox/services/telemetry"
)

const prefix = "TELEMETRY_"

// settings are those of serve.
type settings struct {
	program.Settings
	TokenPublicKeyFile string `env:"TOKEN_PUBLIC_KEY_FILE"`
	EventRetentionDays int    `env:"EVENT_RETENTION_DAYS"`
}

func defaults() settings {
	return settings{Settings: program.DefaultSettings(), EventRetentionDays: int(telemetry.DefaultRetention / day)}
}

const day = 24 * time.Hour

// maxRetentionDays is ten years, more than any clock of ours is to be trusted
// with.
const maxRetentionDays = 3650

func (s *settings) retention() time.Duration { return time.Duration(s.EventRetentionDays) * day }

// Validate implements the check of config.Load.
func (s *settings) Validate() []error {
	problems := s.Problems(prefix)
	if s.TokenPublicKeyFile == "" {
		problems = append(problems, program.Missing("TELEMETRY_TOKEN_PUBLIC_KEY_FILE"))
	}
	if s.EventRetentionDays < 0 || s.EventRetentionDays > maxRetentionDays {
		problems = append(problems, fmt.Errorf("TELEMETRY_EVENT_RETENTION_DAYS must be 0 to %d", maxRetentionDays))
	}
	return problems
}
