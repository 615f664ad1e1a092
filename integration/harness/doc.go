// Package harness starts what the integration tests are about, real hubs and real cameras, and speaks to them as an operator
// does. It imports no service: it knows programs, URLs and JSON. Everything it starts ends with the test, also when that panics.
package harness
