// Package telemetry is what the hub knows of its cameras' life: their
// heartbeats, whether they are there (presence), the motion that they saw, and
// when each of these things happened.
//
// It owns the nouns (Reading, Beat, Watch, Event), the rules over them (dating,
// the motion limit, the presence states, who is admitted) and the contracts of
// the stores. The rules are pure functions of their arguments; Service, Sweeper
// and Keeper are the three that need stores and a clock.
//
// It refuses to know HTTP, JSON, SQL and Redis: those are the folders api,
// postgres, sqlite, redis and memory. It also refuses to know the registry: it
// sees a device through DeviceState, a copy that the registry publishes.
package telemetry
