package lab

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"home.arpa/nestbox/integration/harness"
)

// engineView is what the engine says of a container, as far as it is looked at.
type engineView struct {
	Config struct {
		User  string
		Image string
		Env   []string
		Cmd   []string
	}
	HostConfig struct {
		Privileged     bool
		ReadonlyRootfs bool
		CapAdd         []string
		CapDrop        []string
		SecurityOpt    []string
		PortBindings   map[string][]struct {
			HostIP string `json:"HostIp"`
		}
	}
	Mounts []struct{ Source string }
}

// secrets are the files of docker/make-secrets whose content nobody may read elsewhere.
var secrets = []string{"postgres-password", "postgres-url", "redis-url", "token.key", "admin-password", "enrolment-key"}

// published are the containers with a port on the machine: the only way in, and what compose.observe.yaml adds for people.
var published = regexp.MustCompile(`traefik|collector|prometheus`)

func isClosed(t *testing.T, lab *harness.Lab) {
	config := lab.Run(t, "compose", "config")
	for _, name := range secrets {
		if secret := strings.TrimSpace(lab.Secret(t, name)); strings.Contains(config, secret) {
			t.Errorf("compose config shows the secret %s", name)
		}
	}
	containers := lab.Containers(t, "")
	if len(containers) < 10 {
		t.Fatalf("only %v are there", containers)
	}
	for _, c := range containers {
		var view engineView
		c.Inspect(t, &view)
		host := view.HostConfig
		if host.Privileged || !host.ReadonlyRootfs || len(host.CapAdd) > 0 || !slices.Equal(host.CapDrop, []string{"ALL"}) ||
			!slices.Contains(host.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s can do more than it should: %+v", c, host)
		}
		if user, _, _ := strings.Cut(view.Config.User, ":"); user == "" || user == "0" || user == "root" {
			t.Errorf("%s runs as %q", c, view.Config.User)
		}
		for port, bindings := range host.PortBindings {
			for _, b := range bindings {
				if !published.MatchString(string(c)) || b.HostIP != "127.0.0.1" {
					t.Errorf("%s publishes %s on %q", c, port, b.HostIP)
				}
			}
		}
		for _, m := range view.Mounts {
			if strings.HasSuffix(m.Source, "docker.sock") {
				t.Errorf("%s has the engine's socket", c)
			}
		}
		for _, name := range secrets {
			secret := strings.TrimSpace(lab.Secret(t, name))
			if strings.Contains(strings.Join(append(view.Config.Env, view.Config.Cmd...), "\n"), secret) {
				t.Errorf("the engine shows the secret %s of %s", name, c)
			}
			if strings.Contains(c.Logs(t), secret) {
				t.Errorf("%s logs the secret %s", c, name)
			}
		}
	}
	const most = 30_000_000
	for _, service := range []string{"registry", "telemetry", "media"} {
		if size := harness.ImageBytes(t, "nestbox/"+service); size > most {
			t.Errorf("the image of %s has %d bytes, at most %d", service, size, most)
		}
	}
}
