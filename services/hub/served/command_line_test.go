package served_test

import (
	"strings"
	"testing"
)

// TestConfigurationProblemsAreReportedTogether starts each program with everything missing or wrong.
func TestConfigurationProblemsAreReportedTogether(t *testing.T) {
	t.Parallel()
	for name, specific := range map[string][]string{
		"registry":  {"REGISTRY_TOKEN_KEY_FILE", "REGISTRY_ENROLMENT", "REGISTRY_ADMIN_PASSWORD"},
		"telemetry": {"TELEMETRY_TOKEN_PUBLIC_KEY_FILE"},
		"media":     {"MEDIA_TOKEN_PUBLIC_KEY_FILE", "MEDIA_BLOB", "MEDIA_QUOTA", "MEDIA_MAX_AGE_DAYS"},
	} {
		p := strings.ToUpper(name) + "_"
		r := command(t, []string{
			p + "LISTEN=nowhere", p + "PG_MAX_CONNS=many-of-them",
			"REGISTRY_ENROLMENT=everybody-in", "REGISTRY_ADMIN_PASSWORD=s3cret",
			"MEDIA_BLOB=tape", "MEDIA_QUOTA=lots-of-it", "MEDIA_MAX_AGE_DAYS=never-ever",
		}, name, "serve")
		if r.code == 0 || r.out != "" {
			t.Errorf("%s: exit code %d, output %q", name, r.code, r.out)
		}
		for _, want := range append(specific, p+"PG_URL", p+"REDIS_URL", p+"LISTEN", p+"PG_MAX_CONNS") {
			if !strings.Contains(r.errors, want) {
				t.Errorf("%s does not report %s:\n%s", name, want, r.errors)
			}
		}
		for _, value := range []string{"many-of-them", "s3cret"} {
			if strings.Contains(r.errors, value) {
				t.Errorf("%s repeats the value %q:\n%s", name, value, r.errors)
			}
		}
	}
}

// TestServeRefusesAnOlderSchema starts each program before its tables are made, and migrates twice.
func TestServeRefusesAnOlderSchema(t *testing.T) {
	t.Parallel()
	w := newStores(t, lab{})
	for _, name := range names {
		r := command(t, w.environment(name, "127.0.0.1:0", "127.0.0.1:0"), name, "serve")
		if r.code == 0 || !strings.Contains(r.errors, name+" migrate") {
			t.Errorf("%s serves without tables: exit code %d, want an error that says how to make them:\n%s", name, r.code, r.errors)
		}
		w.run(name, "migrate")
		w.run(name, "migrate")
	}
}
