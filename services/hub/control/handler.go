package control

import "net/http"

// Handler serves api as the owner: whatever credential a request brings is replaced by the one given, which the caller makes
// at start, tells nobody, and lets its operator lookup recognise.
func Handler(api http.Handler, credential string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Cookie")
		r.Header.Set("Authorization", "Bearer "+credential)
		api.ServeHTTP(w, r)
	})
}
