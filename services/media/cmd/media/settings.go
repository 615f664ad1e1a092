package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"home.arpa/nestbox/services/internal/platform/config"
	"home.arpa/nestbox/services/internal/platform/program"
	"home.arpa/nestbox/services/media"
	"home.arpa/nestbox/services/media/blob/s3"
)

const (
	prefix     = "MEDIA_"
	blobFolder = "folder"
	blobS3     = "s3"
	// maxMaxPicture keeps a slip of the unit from opening the door to anything.
	maxMaxPicture = 64 << 20
	maxAgeDays    = 36_500
)

// settings are those of serve.
type settings struct {
	program.Settings
	Places
	TokenPublicKeyFile string `env:"TOKEN_PUBLIC_KEY_FILE"`
	Quota              size   `env:"QUOTA"`
	MaxAgeDays         int    `env:"MAX_AGE_DAYS"`
	MinFree            size   `env:"MIN_FREE"`
	MaxPicture         size   `env:"MAX_PICTURE"`
}

func defaults() settings {
	p := media.DefaultPolicy()
	return settings{
		Settings: program.DefaultSettings(), Places: defaultPlaces(),
		Quota: size(p.Quota), MaxAgeDays: int(p.MaxAge / (24 * time.Hour)), MinFree: size(p.MinFree), MaxPicture: media.DefaultMaxBytes,
	}
}

// Validate implements the check of config.Load.
func (s *settings) Validate() []error {
	problems := append(s.Settings.Problems(prefix), s.Places.Problems()...)
	if s.TokenPublicKeyFile == "" {
		problems = append(problems, program.Missing("MEDIA_TOKEN_PUBLIC_KEY_FILE"))
	}
	if s.Blob == blobFolder && s.Folder == "" {
		problems = append(problems, program.Missing("MEDIA_FOLDER"))
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
	return problems
}

func (s *settings) policy() media.Policy {
	return media.Policy{Quota: int64(s.Quota), MaxAge: time.Duration(s.MaxAgeDays) * 24 * time.Hour, MinFree: int64(s.MinFree)}
}

// stores are the settings of migrate.
type stores struct {
	program.Postgres
	Places
}

// Validate implements the check of config.Load.
func (s *stores) Validate() []error {
	return append(s.Postgres.Problems(prefix), s.Places.Problems()...)
}

// Places are the settings of where pictures are kept, exported so that config.Load
// sees them.
type Places struct {
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

func defaultPlaces() (s Places) {
	s.Blob = blobFolder
	s.S3.UseTLS = true
	return s
}

// Problems are what both migrate and serve find wrong.
func (s *Places) Problems() (problems []error) {
	switch s.Blob {
	case blobFolder:
	case blobS3:
		for name, value := range map[string]string{
			"S3_ENDPOINT": s.S3.Endpoint, "S3_BUCKET": s.S3.Bucket, "S3_ACCESS_KEY": s.S3.AccessKey.Reveal(), "S3_SECRET_KEY": s.S3.SecretKey.Reveal(),
		} {
			if value == "" {
				problems = append(problems, program.Missing(prefix+name))
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

func (s *Places) bucket() s3.Config {
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
