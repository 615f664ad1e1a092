package main

import (
	"errors"
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"home.arpa/nestbox/services/hub/datadir"
	"home.arpa/nestbox/services/internal/platform/config"
)

// settings are all that can be set for a hub, each by a flag and by a variable; a flag wins.
type settings struct {
	Data          string        `env:"DATA"`
	Listen        string        `env:"LISTEN"`
	OpsListen     string        `env:"OPS_LISTEN"`
	Enrolment     string        `env:"ENROLMENT"`
	EnrolmentKey  config.Secret `env:"ENROLMENT_KEY"`
	AdminPassword config.Secret `env:"ADMIN_PASSWORD"`
	Quota         size          `env:"QUOTA"`
	MaxAgeDays    uint32        `env:"MAX_AGE_DAYS"`
	MDNS          bool          `env:"MDNS"`
	Logging
}

const prefix = "NESTBOX_"

// Logging is what every command that runs for long lets be set about its log. Exported for config, which sets its fields.
type Logging struct {
	Level  string `env:"LOG_LEVEL"`
	Format string `env:"LOG_FORMAT"`
}

func defaultLogging() Logging {
	return Logging{Level: "info", Format: "text"} // read by a person in a terminal or in journalctl; a cluster sets json
}

func defaults() settings {
	return settings{
		Listen:    ":5000",
		OpsListen: "127.0.0.1:5001",
		Enrolment: "approve",
		// A Pi with a 32 GB card. Whatever the quota, retention leaves half a gigabyte of the disk free.
		Quota:      8 << 30,
		MaxAgeDays: 30,
		MDNS:       true,
		Logging:    defaultLogging(),
	}
}

// option is how one setting is given on the command line. Every flag is a string here: it takes the place of the variable,
// so that both are read by the same code and all problems are reported together.
type option struct {
	flag, usage string
	of          scope
}

// scope is which commands have an option.
type scope string

const (
	everywhere  scope = ""
	ofServe     scope = "SERVE" // and of `doctor` and `ready`, which look at what serves
	ofAdvertise scope = "ADVERTISE"
)

// variable is the name of the setting in the environment: --ops-listen is NESTBOX_OPS_LISTEN. Those of advertise say so:
// --port is NESTBOX_ADVERTISE_PORT, since Kubernetes sets NESTBOX_PORT in each pod beside a service called nestbox.
func (o option) variable() string {
	name := o.flag
	if o.of == ofAdvertise {
		name = string(o.of) + "-" + name
	}
	return prefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

var options = []option{
	{"data", "`folder` of all data (default $XDG_DATA_HOME/nestbox or ~/.local/share/nestbox)", everywhere},
	{"listen", "`address` for cameras and operators (default :5000)", ofServe},
	{"ops-listen", "`address` for /livez, /readyz and /metrics, without login; \"off\" for none (default 127.0.0.1:5001)", ofServe},
	{"enrolment", "who may join: `mode` approve (a person says yes), key or open (default approve)", ofServe},
	{"enrolment-key", "the `key` for --enrolment key; better in the environment or a file, where ps does not show it", ofServe},
	{"admin-password", "`password` of the operator admin at the first start; better in the environment or a file (default: random, shown once)", ofServe},
	{"quota", "the most `bytes` that pictures may take, such as 500M or 20G; 0 for all that the disk has (default 8G)", ofServe},
	{"max-age-days", "delete unpinned pictures after so many `days`; 0 to keep them until the quota is reached (default 30)", ofServe},
	{"mdns", "answer cameras that look for the hub in the local network, `true` or false (default true)", ofServe},
	{"log-level", "debug, info, warn or error: a `level` (default info)", everywhere},
	{"log-format", "text or json: a `format` (default text)", everywhere},
	{"address", "`address` or name by which cameras reach the hub; a name is looked up again every few seconds (default: this machine's own addresses)", ofAdvertise},
	{"port", "TCP `port` of the hub (default 5000)", ofAdvertise},
	{"id", "`id` of the hub, which no other on the network has: up to 32 of a-z, 0-9 and - (default: made from --address and --port, or else from this machine)", ofAdvertise},
}

// addFlags gives the set the flags of a scope.
func addFlags(set *pflag.FlagSet, of scope) {
	for _, o := range options {
		if o.of == of {
			set.String(o.flag, "", o.usage+" [$"+o.variable()+"]")
		}
	}
}

// load reads the settings from flags and environment. Its error names every problem, one a line.
func load(flags *pflag.FlagSet, getenv func(string) string) (settings, error) {
	s := defaults()
	err := config.LoadFunc(withFlags(flags, getenv), prefix, &s)
	if s.Data == "" {
		var none error
		if s.Data, none = datadir.Default(getenv); none != nil {
			err = errors.Join(err, none)
		}
	}
	if s.OpsListen == "off" {
		s.OpsListen = ""
	}
	return s, err
}

// withFlags is the environment in which the flags that were given have taken the place of their variables.
func withFlags(flags *pflag.FlagSet, getenv func(string) string) func(string) string {
	given := make(map[string]string)
	for _, o := range options {
		if f := flags.Lookup(o.flag); f != nil && f.Changed {
			given[o.variable()] = f.Value.String()
			given[o.variable()+config.FileSuffix] = "" // the flag wins over that too
		}
	}
	return func(key string) string {
		if v, ok := given[key]; ok {
			return v
		}
		return getenv(key)
	}
}

// Validate lists what is out of range or does not fit together.
func (s *settings) Validate() []error {
	var problems []error
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if !isAddress(s.Listen) {
		wrong("NESTBOX_LISTEN must be an address to listen on, like :5000 or 192.168.1.10:5000")
	}
	if s.OpsListen != "off" && !isAddress(s.OpsListen) {
		wrong("NESTBOX_OPS_LISTEN must be an address to listen on, like 127.0.0.1:5001, or off")
	}
	switch s.Enrolment {
	case "approve", "open":
		if s.EnrolmentKey != "" {
			wrong("NESTBOX_ENROLMENT_KEY is set, but NESTBOX_ENROLMENT is %s; set it to key or remove the key", s.Enrolment)
		}
	case "key":
		if len(s.EnrolmentKey) < 8 {
			wrong("NESTBOX_ENROLMENT_KEY must have at least 8 characters when NESTBOX_ENROLMENT is key")
		}
	default:
		wrong("NESTBOX_ENROLMENT must be approve, key or open")
	}
	if n := len([]rune(s.AdminPassword.Reveal())); n > 0 && n < 10 {
		wrong("NESTBOX_ADMIN_PASSWORD must have at least 10 characters")
	}
	if s.MaxAgeDays > 36500 {
		wrong("NESTBOX_MAX_AGE_DAYS must be at most 36500")
	}
	if s.Quota != 0 && s.Quota < 10<<20 {
		wrong("NESTBOX_QUOTA must be at least 10M: a single picture may have 8M")
	}
	return append(problems, s.problems()...)
}

func (l Logging) problems() (problems []error) {
	if !oneOf(l.Level, "debug", "info", "warn", "error") {
		problems = append(problems, errors.New("NESTBOX_LOG_LEVEL must be debug, info, warn or error"))
	}
	if !oneOf(l.Format, "text", "json") {
		problems = append(problems, errors.New("NESTBOX_LOG_FORMAT must be text or json"))
	}
	return problems
}

func oneOf(v string, allowed ...string) bool {
	for _, a := range allowed {
		if v == a {
			return true
		}
	}
	return false
}

func isAddress(s string) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return false
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return false
	}
	return host == "" || net.ParseIP(strings.SplitN(host, "%", 2)[0]) != nil || isHostName(host)
}

func isHostName(s string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."
	return strings.Trim(s, allowed) == ""
}

// size is a number of bytes, written with K, M, G or T for powers of 1024.
type size int64

// UnmarshalText reads 1048576, 1M, 1MB or 1MiB.
func (z *size) UnmarshalText(text []byte) error {
	wrong := errors.New("a number of bytes, like 500M or 20G")
	s := strings.ToUpper(string(text))
	s = strings.TrimSuffix(strings.TrimSuffix(s, "IB"), "B")
	shift := 0
	if i := strings.IndexAny(s, "KMGT"); i >= 0 && i == len(s)-1 {
		shift = 10 * (strings.IndexByte("KMGT", s[i]) + 1)
		s = s[:i]
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64>>shift {
		return wrong
	}
	*z = size(n << shift)
	return nil
}
