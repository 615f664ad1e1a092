package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/config"
)

type mode string

func (m *mode) UnmarshalText(text []byte) error {
	switch string(text) {
	case "approve", "open":
		*m = mode(text)
		return nil
	}
	return errors.New("approve or open")
}

type settings struct {
	Listen  string        `env:"LISTEN"`
	Key     config.Secret `env:"KEY,notEmpty"`
	Wait    time.Duration `env:"WAIT"`
	Mode    mode          `env:"MODE"`
	Proxies []string      `env:"PROXIES"`
	PG      struct {
		URL      config.Secret `env:"URL,required"`
		MaxConns int32         `env:"MAX_CONNS"`
	} `envPrefix:"PG_"`
}

func (s *settings) Validate() []error {
	if s.Wait < 0 {
		return []error{errors.New("T_WAIT must not be negative")}
	}
	return nil
}

func defaults() settings {
	s := settings{Listen: ":8080", Wait: time.Minute, Mode: "approve"}
	s.PG.MaxConns = 4
	return s
}

func TestLoadKeepsDefaultsOfAbsentAndEmptyVariables(t *testing.T) {
	t.Parallel()
	got := defaults()
	err := config.Load(map[string]string{
		"T_KEY": "k", "T_PG_URL": "postgres://u:p@h/db", "T_LISTEN": "", "T_PG_MAX_CONNS": "9",
		"T_PROXIES": "10.0.0.0/8,10.1.0.0/16", "T_SERVICE_HOST": "10.43.0.7", "T_PORT": "tcp://10.43.0.7:80",
	}, "T_", &got)
	if err != nil {
		t.Fatal(err)
	}
	if got.Listen != ":8080" || got.Wait != time.Minute || got.PG.MaxConns != 9 || len(got.Proxies) != 2 || got.Mode != "approve" {
		t.Errorf("got %+v", got)
	}
	if got.PG.URL.Reveal() != "postgres://u:p@h/db" {
		t.Error("the secret was changed")
	}
}

func TestLoadReportsAllProblemsTogether(t *testing.T) {
	t.Parallel()
	got := defaults()
	err := config.Load(map[string]string{
		"T_WAIT": "-3s", "T_PG_MAX_CONNS": "hunter2", "T_MODE": "closed",
	}, "T_", &got)
	var problems *config.Error
	if !errors.As(err, &problems) {
		t.Fatalf("err = %v", err)
	}
	want := []string{
		"T_KEY is empty or not set, and there is no default for it",
		"T_PG_URL is not set, and there is no default for it",
		"T_MODE must be approve or open",
		"T_PG_MAX_CONNS must be a whole number in range",
		"T_WAIT must not be negative",
	}
	if strings.Join(problems.Problems, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%v\nwant\n%v", err, strings.Join(want, "\n"))
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Error("the error repeats a value")
	}
}

func TestLoadFuncAsksOnlyForWhatItKnows(t *testing.T) {
	t.Parallel()
	asked := map[string]string{"T_KEY": "k", "T_PG_URL": "u", "T_WAIT": "90s"}
	got := defaults()
	if err := config.LoadFunc(func(k string) string { return asked[k] }, "T_", &got); err != nil {
		t.Fatal(err)
	}
	if got.Wait != 90*time.Second || got.Listen != ":8080" {
		t.Errorf("got %+v", got)
	}
}

func TestSecretIsHiddenHoweverItIsPrinted(t *testing.T) {
	t.Parallel()
	const value = "hunter2"
	s := defaults()
	s.Key, s.PG.URL = value, value
	asJSON, err := json.Marshal(map[string]any{"settings": s, "key": s.Key, "pointer": &s.Key})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	logger.Info("start", "key", s.Key, "settings", s)
	slog.New(slog.NewTextHandler(&log, nil)).Info("start", "key", s.Key, "settings", s)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%T"} {
		fmt.Fprintf(&log, verb+" "+verb+"\n", s.Key, s)
	}
	all := log.String() + string(asJSON)
	if strings.Contains(all, value) || strings.Contains(all, fmt.Sprintf("%x", value)) || strings.Contains(all, fmt.Sprintf("%X", value)) {
		t.Errorf("the secret shows:\n%s", all)
	}
	if got := fmt.Sprintf("%v|%v", config.Secret("x"), config.Secret("")); got != "[hidden]|" {
		t.Errorf("got %q", got)
	}
}
