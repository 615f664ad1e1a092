package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"home.arpa/nestbox/services/internal/platform/config"
	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/media"
	"home.arpa/nestbox/services/media/blob/s3"
	"home.arpa/nestbox/services/media/postgres"
)

const (
	prefix     = "MEDIA_"
	blobFolder = "folder"
	blobS3     = "s3"
	// maxMaxPicture keeps a slip of the unit from opening the door to anything.
	maxMaxPicture = 64 << 20
	maxAgeDays    = 36_500
)

// settings are those of serve. Migrate reads the part that it needs: Stores, exported
// so that config.Load sees it.
type settings struct {
	Stores
	Redis struct {
		URL config.Secret `env:"URL"`
	} `envPrefix:"REDIS_"`
	Listen             string        `env:"LISTEN"`
	OpsListen          string        `env:"OPS_LISTEN"`
	TokenPublicKeyFile string        `env:"TOKEN_PUBLIC_KEY_FILE"`
	Quota              size          `env:"QUOTA"`
	MaxAgeDays         int           `env:"MAX_AGE_DAYS"`
	MinFree            size          `env:"MIN_FREE"`
	MaxPicture         size          `env:"MAX_PICTURE"`
	TrustedProxies     []string      `env:"TRUSTED_PROXIES"`
	DrainDelay         time.Duration `env:"DRAIN_DELAY"`
}

func defaults() settings {
	p := media.DefaultPolicy()
	return settings{
		Stores: defaultStores(), Listen: ":8080", OpsListen: ":9090",
		Quota: size(p.Quota), MaxAgeDays: int(p.MaxAge / (24 * time.Hour)), MinFree: size(p.MinFree), MaxPicture: media.DefaultMaxBytes,
	}
}

// Validate implements the check of config.Load.
func (s *settings) Validate() []error {
	problems := s.Stores.Validate()
	required := func(name, value string) {
		if value == "" {
			problems = append(problems, missing(name))
		}
	}
	required("REDIS_URL", s.Redis.URL.Reveal())
	required("TOKEN_PUBLIC_KEY_FILE", s.TokenPublicKeyFile)
	if s.Blob == blobFolder {
		required("FOLDER", s.Folder)
	}
	for name, address := range map[string]string{"LISTEN": s.Listen, "OPS_LISTEN": s.OpsListen} {
		if _, _, err := net.SplitHostPort(address); err != nil {
			problems = append(problems, fmt.Errorf("%s%s must be an address with a port, such as :8080", prefix, name))
		}
	}
	if s.MaxAgeDays < 0 || s.MaxAgeDays > maxAgeDays {
		problems = append(problems, fmt.Errorf("MEDIA_MAX_AGE_DAYS must be 0 to %d", maxAgeDays))
	}
	if s.MaxPicture < 1<<10 || s.MaxPicture > maxMaxPicture {
		problems = append(problems, errors.New("MEDIA_MAX_PICTURE must be 1K to 64M"))
	}
	if s.Quota != 0 && s.Quota < s.MaxPicture {
		problems = append(problems, errors.New("MEDIA_QUOTA must have room for one picture of MEDIA_MAX_PICTURE, or be 0 for no limit"))
	}
	for _, a := range s.TrustedProxies {
		_, notPrefix := netip.ParsePrefix(a)
		if _, notAddr := netip.ParseAddr(a); notPrefix != nil && notAddr != nil {
			problems = append(problems, errors.New("MEDIA_TRUSTED_PROXIES must be addresses or ranges such as 10.42.0.0/16, separated by commas"))
			break
		}
	}
	if s.DrainDelay < 0 || s.DrainDelay > time.Minute {
		problems = append(problems, errors.New("MEDIA_DRAIN_DELAY must be 0s to 1m"))
	}
	return problems
}

func (s *settings) policy() media.Policy {
	return media.Policy{Quota: int64(s.Quota), MaxAge: time.Duration(s.MaxAgeDays) * 24 * time.Hour, MinFree: int64(s.MinFree)}
}

// Stores are the settings of where index and pictures are kept.
type Stores struct {
	PG struct {
		URL      config.Secret `env:"URL"`
		MaxConns int32         `env:"MAX_CONNS"`
	} `envPrefix:"PG_"`
	Blob   string `env:"BLOB"`
	Folder string `env:"FOLDER"`
	S3     struct {
		Endpoint  string        `env:"ENDPOINT"`
		Bucket    string        `env:"BUCKET"`
		AccessKey config.Secret `env:"ACCESS_KEY"`
		SecretKey config.Secret `env:"SECRET_KEY"`
		Region    string        `env:"REGION"`
		UseTLS    bool          `env:"USE_TLS"`
		Spool     string        `env:"SPOOL"`
	} `envPrefix:"S3_"`
}

func defaultStores() (s Stores) {
	s.PG.MaxConns = 8
	s.Blob = blobFolder
	s.S3.UseTLS = true
	return s
}

// Validate implements the check of config.Load.
func (s *Stores) Validate() (problems []error) {
	if s.PG.URL == "" {
		problems = append(problems, missing("PG_URL"))
	}
	if s.PG.MaxConns < 2 || s.PG.MaxConns > 100 {
		problems = append(problems, errors.New("MEDIA_PG_MAX_CONNS must be 2 to 100"))
	}
	switch s.Blob {
	case blobFolder:
	case blobS3:
		for name, value := range map[string]string{
			"S3_ENDPOINT": s.S3.Endpoint, "S3_BUCKET": s.S3.Bucket, "S3_ACCESS_KEY": s.S3.AccessKey.Reveal(), "S3_SECRET_KEY": s.S3.SecretKey.Reveal(),
		} {
			if value == "" {
				problems = append(problems, missing(name))
			}
		}
		if strings.Contains(s.S3.Endpoint, "/") {
			problems = append(problems, errors.New("MEDIA_S3_ENDPOINT must be a host or host:port, without https://"))
		}
	default:
		problems = append(problems, errors.New("MEDIA_BLOB must be folder or s3"))
	}
	return problems
}

func missing(name string) error {
	return fmt.Errorf("%s%s is not set, and there is no default for it", prefix, name)
}

func (s *Stores) postgres(tracing bool) pg.Config {
	return pg.Config{URL: s.PG.URL.Reveal(), Schema: postgres.Schema, MaxConns: s.PG.MaxConns, Tracing: tracing}
}

func (s *Stores) bucket() s3.Config {
	return s3.Config{
		Endpoint: s.S3.Endpoint, UseTLS: s.S3.UseTLS, Region: s.S3.Region, Bucket: s.S3.Bucket,
		AccessKey: s.S3.AccessKey.Reveal(), SecretKey: s.S3.SecretKey.Reveal(), Spool: s.S3.Spool,
	}
}

// size is a number of bytes, written with K, M, G or T for powers of 1024.
type size int64

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *size) UnmarshalText(text []byte) error {
	digits := strings.TrimRight(strings.ToUpper(string(text)), "KMGT")
	var shift uint
	switch unit := strings.ToUpper(string(text))[len(digits):]; unit {
	case "":
	case "K", "M", "G", "T":
		shift = 10 * uint(1+strings.Index("KMGT", unit))
	default:
		return errSize
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > (1<<62)>>shift {
		return errSize
	}
	*s = size(n << shift)
	return nil
}

var errSize = errors.New("must be a number of bytes such as 500M or 20G")
