// Package registry knows which cameras belong to this Nestbox, who may speak
// for each of them, whether they may look, and what they have been told to do.
//
// It owns devices and the requests of devices that want to become one, device
// secrets and tokens, the desired state of privacy, commands, and the people:
// operators, their sessions and API tokens, and the record of what they
// changed. It refuses to know HTTP, SQL and Redis (folders api, postgres,
// sqlite, redis, memory), and it never calls another service: what telemetry
// and media must know of a device they read from what Publisher published.
//
// The rules are pure functions of what stands in the database for one device
// (Standing) and give back what shall change (Change). A Store locks the
// device, shows the one, and saves the other in one transaction; so a rule
// never sees a state that another process is changing, and both adapters stay
// free of rules.
package registry
