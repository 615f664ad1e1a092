package obs

import (
	"log/slog"
	"strings"
)

const hidden = "[hidden]"

// secretKeys are the keys, in lower case, whose values never reach a log. It is the
// net below the rule that nobody logs them in the first place.
var secretKeys = map[string]bool{
	"authorization": true, "cookie": true, "set-cookie": true, "token": true, "secret": true, "password": true,
	"device_secret": true, "enrolment_key": true, "credential": true, "api_token": true, "access_key": true,
	"secret_key": true, "private_key": true, "pg_url": true, "redis_url": true,
}

// hideSecrets is a slog ReplaceAttr. Values that hide themselves are resolved before.
func hideSecrets(_ []string, a slog.Attr) slog.Attr {
	if secretKeys[strings.ToLower(a.Key)] {
		return slog.String(a.Key, hidden)
	}
	return a
}
