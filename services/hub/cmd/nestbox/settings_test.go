package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func env(pairs map[string]string) func(string) string {
	return func(k string) string {
		if k == "HOME" {
			return "/home/me"
		}
		return pairs[k]
	}
}

func flags(t *testing.T, args ...string) *pflag.FlagSet {
	t.Helper()
	set := pflag.NewFlagSet("test", pflag.ContinueOnError)
	for _, of := range []scope{everywhere, ofServe, ofAdvertise} {
		addFlags(set, of)
	}
	if err := set.Parse(args); err != nil {
		t.Fatal(err)
	}
	return set
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	s, err := load(flags(t), env(nil))
	if err != nil {
		t.Fatal(err)
	}
	want := defaults()
	want.Data = "/home/me/.local/share/nestbox"
	if s != want {
		t.Errorf("got %+v, want %+v", s, want)
	}
}

func TestFlagWinsOverEnvironment(t *testing.T) {
	t.Parallel()
	s, err := load(flags(t, "--listen", ":7000", "--quota=2G", "--mdns=false"), env(map[string]string{
		"NESTBOX_LISTEN": ":6000", "NESTBOX_OPS_LISTEN": "off", "NESTBOX_MAX_AGE_DAYS": "7", "NESTBOX_DATA": "d",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if s.Listen != ":7000" || s.OpsListen != "" || s.MaxAgeDays != 7 || s.Quota != 2<<30 || s.MDNS || s.Data != "d" {
		t.Errorf("got %+v", s)
	}
}

func TestSecretsMayBeInFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("out of a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := env(map[string]string{"NESTBOX_ENROLMENT": "key", "NESTBOX_ENROLMENT_KEY_FILE": path, "NESTBOX_ADMIN_PASSWORD_FILE": path})
	s, err := load(flags(t, "--admin-password", "out of a flag"), environ)
	if err != nil || s.EnrolmentKey.Reveal() != "out of a file" || s.AdminPassword.Reveal() != "out of a flag" {
		t.Errorf("key %q, password %q, %v", s.EnrolmentKey.Reveal(), s.AdminPassword.Reveal(), err)
	}
}

func TestAllProblemsAreReportedTogether(t *testing.T) {
	t.Parallel()
	_, err := load(flags(t, "--listen", "5000", "--max-age-days", "-1"), func(k string) string {
		return map[string]string{
			"NESTBOX_OPS_LISTEN": "nowhere:port", "NESTBOX_ENROLMENT": "everybody", "NESTBOX_ADMIN_PASSWORD": "short",
			"NESTBOX_QUOTA": "1M", "NESTBOX_MDNS": "perhaps", "NESTBOX_LOG_LEVEL": "loud", "NESTBOX_LOG_FORMAT": "xml",
		}[k]
	})
	if err == nil {
		t.Fatal("accepted")
	}
	lines := strings.Split(err.Error(), "\n")
	for _, name := range []string{
		"LISTEN", "OPS_LISTEN", "ENROLMENT", "ADMIN_PASSWORD", "QUOTA", "MAX_AGE_DAYS", "MDNS", "LOG_LEVEL", "LOG_FORMAT",
	} {
		found := false
		for _, l := range lines {
			found = found || strings.HasPrefix(l, "NESTBOX_"+name+" must be")
			found = found || strings.HasPrefix(l, "NESTBOX_"+name+" must have")
		}
		if !found {
			t.Errorf("nothing about NESTBOX_%s in\n%v", name, err)
		}
	}
	if !strings.Contains(err.Error(), "--data") {
		t.Errorf("nothing about the missing folder in\n%v", err)
	}
	if strings.Contains(err.Error(), "short") {
		t.Errorf("a secret is shown in\n%v", err)
	}
}

func TestEnrolmentKeyMustFitTheMode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		mode, key string
		ok        bool
	}{
		{"key", "12345678", true}, {"key", "1234567", false}, {"key", "", false},
		{"open", "", true}, {"open", "12345678", false}, {"approve", "12345678", false},
	} {
		_, err := load(flags(t), env(map[string]string{"NESTBOX_ENROLMENT": tt.mode, "NESTBOX_ENROLMENT_KEY": tt.key}))
		if (err == nil) != tt.ok {
			t.Errorf("%s with key %q: %v", tt.mode, tt.key, err)
		}
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]size{
		"0": 0, "123": 123, "1k": 1 << 10, "500M": 500 << 20, "20GB": 20 << 30, "2TiB": 2 << 40, "8B": 8,
		"": -1, "M": -1, "-1": -1, "1.5G": -1, "1GM": -1, "9999999T": -1, "99999999999999999999": -1, "1 G": -1,
	} {
		var got size
		if err := got.UnmarshalText([]byte(text)); (err != nil) != (want < 0) || (err == nil && got != want) {
			t.Errorf("%q: %d %v, want %d", text, got, err, want)
		}
	}
}
