package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Load sets the fields of dst that have a tag `env:"NAME"` from environ[prefix+NAME].
// The prefix ends in its own underscore ("REGISTRY_"); structs within dst add theirs
// with `envPrefix:"PG_"`. A variable that is absent or empty leaves the field as it
// was, so the defaults of a program are the literal that it passes in. The options
// required and notEmpty of github.com/caarlos0/env apply. A Secret may be in a file
// instead, see FileSuffix.
//
// When *T has a method Validate() []error it is called after the fields are set,
// also when some could not be. All problems come in one *Error; nothing in it repeats
// the value of a variable, since values stand in the wrong variable sometimes.
//
// Variables with the prefix that dst does not know are no problem: Kubernetes adds
// REGISTRY_SERVICE_HOST and its like to every pod beside a service of that name.
func Load[T any](environ map[string]string, prefix string, dst *T) error {
	params, err := paramsOf(dst, prefix)
	if err != nil {
		return err
	}
	environ, problems := withFiles(environ, secretKeys[T](params, prefix))
	if err := env.ParseWithOptions(dst, env.Options{Environment: environ, Prefix: prefix}); err != nil {
		problems = append(problems, describe(err, func(key string) error {
			one := map[string]string{key: environ[key]}
			return env.ParseWithOptions(new(T), env.Options{Environment: one, Prefix: prefix})
		}, setKeys(params, environ))...)
	}
	if v, ok := any(dst).(interface{ Validate() []error }); ok {
		for _, err := range v.Validate() {
			problems = append(problems, err.Error())
		}
	}
	if len(problems) > 0 {
		return &Error{Problems: problems}
	}
	return nil
}

// LoadFunc is Load for a program that was given a lookup function. It asks getenv
// for each variable that dst knows, and for each with FileSuffix.
func LoadFunc[T any](getenv func(string) string, prefix string, dst *T) error {
	params, err := paramsOf(dst, prefix)
	if err != nil {
		return err
	}
	environ := make(map[string]string, len(params))
	for _, p := range params {
		for _, key := range []string{p.Key, p.Key + FileSuffix} {
			if v := getenv(key); v != "" {
				environ[key] = v
			}
		}
	}
	return Load(environ, prefix, dst)
}

func paramsOf[T any](dst *T, prefix string) ([]env.FieldParams, error) {
	params, err := env.GetFieldParamsWithOptions(dst, env.Options{Prefix: prefix})
	if err != nil {
		return nil, fmt.Errorf("read the env tags of %T: %w", *dst, err)
	}
	return params, nil
}

// Error has all problems of a configuration, one sentence each.
type Error struct{ Problems []string }

// Error returns one line per problem.
func (e *Error) Error() string { return strings.Join(e.Problems, "\n") }

// setKeys returns the variables that are set, in the order of the fields.
func setKeys(params []env.FieldParams, environ map[string]string) []string {
	var keys []string
	for _, p := range params {
		if environ[p.Key] != "" && p.OwnKey != "" && !slices.Contains(keys, p.Key) {
			keys = append(keys, p.Key)
		}
	}
	return keys
}

// describe returns a line for each problem in err. A parse error of the env package
// names the Go field but not the variable, so each variable is parsed alone to find
// the ones to blame.
func describe(err error, parseOne func(key string) error, keys []string) []string {
	var lines []string
	for _, e := range unjoin(err) {
		var missing env.VarIsNotSetError
		var empty env.EmptyVarError
		var parse env.ParseError
		switch {
		case errors.As(e, &parse):
		case errors.As(e, &missing):
			lines = append(lines, missing.Key+" is not set, and there is no default for it")
		case errors.As(e, &empty):
			lines = append(lines, empty.Key+" is empty or not set, and there is no default for it")
		default:
			lines = append(lines, e.Error())
		}
	}
	for _, key := range keys {
		for _, e := range unjoin(parseOne(key)) {
			var parse env.ParseError
			if errors.As(e, &parse) {
				lines = append(lines, key+" must be "+expected(parse))
			}
		}
	}
	return lines
}

func unjoin(err error) []error {
	var all env.AggregateError
	if errors.As(err, &all) {
		return all.Errors
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// expected says what a field takes. A type with its own UnmarshalText says it
// itself: its error is expected to continue the words "must be".
func expected(e env.ParseError) string {
	t := e.Type
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "a duration, like 90s or 1h30m"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Int64:
		return "a whole number in range"
	case t.Kind() >= reflect.Uint && t.Kind() <= reflect.Uint64:
		return "a whole number of at least 0 and in range"
	case t.Kind() == reflect.Float32, t.Kind() == reflect.Float64:
		return "a number"
	}
	return e.Err.Error()
}
