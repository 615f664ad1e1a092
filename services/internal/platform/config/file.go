package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"
)

// FileSuffix makes of a Secret's variable the one that names a file with the secret,
// as the images of databases have it: REGISTRY_PG_URL_FILE for REGISTRY_PG_URL.
const FileSuffix = "_FILE"

// secretKeys returns the variables among params whose fields in T are of type Secret.
// The env package does not tell the type of a field, so each variable is given its
// own name as value, and what reaches the parser of Secret is the name of a secret.
func secretKeys[T any](params []env.FieldParams, prefix string) (keys []string) {
	names := make(map[string]string, len(params))
	for _, p := range params {
		names[p.Key] = p.Key
	}
	note := func(key string) (any, error) {
		keys = append(keys, key)
		return Secret(""), nil
	}
	// The errors are of numbers and the like, which a name is not.
	_ = env.ParseWithOptions(new(T), env.Options{
		Environment: names, Prefix: prefix, FuncMap: map[reflect.Type]env.ParserFunc{reflect.TypeFor[Secret](): note},
	})
	return keys
}

// withFiles returns environ with the secrets that stand in files, and what is wrong
// with those. One newline at the end of a file is not part of the secret.
func withFiles(environ map[string]string, keys []string) (all map[string]string, problems []string) {
	all = maps.Clone(environ)
	for _, key := range keys {
		name := key + FileSuffix
		if environ[name] == "" {
			continue
		}
		if environ[key] != "" {
			problems = append(problems, fmt.Sprintf("%s and %s are both set, and only one may be", key, name))
			continue
		}
		content, err := os.ReadFile(environ[name])
		secret := strings.TrimSuffix(string(content), "\n")
		switch {
		case err != nil:
			problems = append(problems, fmt.Sprintf("%s names a file that cannot be read: %v", name, withoutPath(err)))
		case secret == "":
			problems = append(problems, name+" names a file that is empty")
		default:
			all[key] = secret
		}
	}
	return all, problems
}

// withoutPath is err without the path: that may be a secret in the wrong variable.
func withoutPath(err error) error {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return at.Err
	}
	return err
}
