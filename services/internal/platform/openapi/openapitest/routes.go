package openapitest

import (
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
)

// RequireAll fails for each route that is not in the document and for each that no request reached with success; an
// error answer alone proves little about a handler. ignore names routes as "GET /path" or by path alone, in Gin's
// spelling; a name that ignores nothing fails too, so that the list cannot rot.
func (c *Checker) RequireAll(t testing.TB, routes gin.RoutesInfo, ignore ...string) {
	t.Helper()
	documented := c.documented()
	c.mu.Lock()
	defer c.mu.Unlock()

	used := map[string]bool{}
	for _, route := range routes {
		spelled := route.Method + " " + route.Path
		if name, ignored := ignoredBy(ignore, spelled, route.Path); ignored {
			used[name] = true
			continue
		}
		op := operation{route.Method, unnamed(route.Path)}
		switch {
		case !documented[op]:
			t.Errorf("%s is served, yet openapi.yaml does not have it", spelled)
		case !c.exercised[op]:
			t.Errorf("%s was never answered with success, so openapi.yaml was not checked against it", spelled)
		}
	}
	for _, name := range ignore {
		if !used[name] {
			t.Errorf("RequireAll ignores %q, which is no route", name)
		}
	}
}

// RequireServed fails for each operation of the document that no route serves. It is for the program that serves the
// whole API; a single service serves a part.
func (c *Checker) RequireServed(t testing.TB, routes gin.RoutesInfo) {
	t.Helper()
	served := map[operation]bool{}
	for _, route := range routes {
		served[operation{route.Method, unnamed(route.Path)}] = true
	}
	var missing []string
	for op := range c.documented() {
		if !served[op] {
			missing = append(missing, op.String())
		}
	}
	sort.Strings(missing)
	for _, op := range missing {
		t.Errorf("openapi.yaml has %s, which nothing serves", op)
	}
}

func (c *Checker) documented() map[operation]bool {
	all := map[operation]bool{}
	for path, item := range c.doc.model.Paths.PathItems.FromOldest() {
		for method := range item.GetOperations().FromOldest() {
			all[operation{strings.ToUpper(method), unnamed(path)}] = true
		}
	}
	return all
}

func ignoredBy(ignore []string, names ...string) (string, bool) {
	for _, name := range names {
		if slices.Contains(ignore, name) {
			return name, true
		}
	}
	return "", false
}

var parameter = regexp.MustCompile(`\{[^}/]*\}|[:*][^/]+`)

// unnamed replaces the parameters of a path template, in OpenAPI's or in Gin's spelling, by {}: what a parameter is
// called is no part of the contract, and Gin wants one name where the document may have two.
func unnamed(template string) string { return parameter.ReplaceAllString(template, "{}") }
