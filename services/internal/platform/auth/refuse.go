package auth

import (
	"errors"

	"github.com/golang-jwt/jwt/v5"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// refuse gives the caller one of two sentences and the log the reason. The
// parser's own errors are not kept as a cause: some quote parts of the token.
func refuse(err error) error {
	for _, r := range []struct {
		match  error
		answer *fault.Error
		reason error
	}{
		{jwt.ErrTokenMalformed, errBadToken, errors.New("not a token")},
		{jwt.ErrTokenUnverifiable, errBadToken, errors.New("no way to verify it")},
		{jwt.ErrTokenSignatureInvalid, errBadToken, errors.New("signature of no key of ours")},
		{jwt.ErrTokenExpired, errExpired, errors.New("expired")},
	} {
		if errors.Is(err, r.match) {
			return &fault.Error{Kind: r.answer.Kind, Message: r.answer.Message, Err: r.reason}
		}
	}
	return &fault.Error{Kind: errBadToken.Kind, Message: errBadToken.Message, Err: errors.New("claims out of range")}
}
