// Package served tests the three programs registry, telemetry and media as a cluster runs them: child processes behind one
// origin, over a real Postgres and a real Redis, which are killed, frozen and emptied. It imports nothing of the services; it
// knows their environment variables, URLs and JSON. There is no code here but tests.
package served
