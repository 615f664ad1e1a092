# The commands of Nestbox. `make` alone lists them.
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  := -s -w -X main.version=$(VERSION)
# Two codecs of dependencies that nothing here uses: a third of the binary and 8 MB of memory.
TAGS     := nomsgpack,grpcnotrace
GO_BUILD  = CGO_ENABLED=0 go build -trimpath -tags $(TAGS) -ldflags '$(LDFLAGS)'
# Every module of go.work. `./...` at the root visits none of them.
MODULES   = $(shell go list -m -f '{{.Dir}}')
PACKAGES  = $(addsuffix /...,$(MODULES))
FUZZTIME ?= 20s

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z\/-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: setup/run ## start the hub in one process with two cameras that need no hardware, data in ./data (CAMERAS=0: the hub alone)
	@$(MAKE) -s -j3 build/nestbox bin/virtual-camera firmware/scenes
	@exec setup/run-with-cameras

.PHONY: build
build: setup/run build/nestbox bin/virtual-camera firmware/scenes ## build every program into bin/
	@for service in registry telemetry media; do \
		$(GO_BUILD) -o "bin/$$service" "./services/$$service/cmd/$$service"; \
	done

.PHONY: build/nestbox
build/nestbox:
	@$(GO_BUILD) -o bin/nestbox ./services/hub/cmd/nestbox

# Everything but the lab, and each fuzz target for a moment; `make fuzz` looks for longer, `make lab/test` and `make chaos` need Docker.
.PHONY: test
test: FUZZTIME = 5s
test: setup/test build firmware/test firmware/coverage services/test integration/test fuzz ## run every test, on real Postgres and Redis servers and in QEMU, all started by itself

.PHONY: services/test
services/test: ## run the Go tests with the race detector
	@# -count=1: some tests build the programs themselves, which the test cache does not see.
	go test -race -count=1 -timeout 20m $(filter-out $(CURDIR)/integration/...,$(PACKAGES))

.PHONY: integration/test
integration/test: ## run the story on real hubs with virtual and emulated cameras (they mostly wait, so many at once)
	@# What compiles much comes first: the others measure, and keep deadlines.
	go test -count=1 -timeout 20m ./integration/broken ./integration/ledger
	go test -count=1 -parallel 32 -timeout 30m ./integration ./integration/emulated

.PHONY: lab/test
lab/test: setup/test setup/lab ## run the story and the deployment's own tests in the lab (not part of make test yet)
	go test -tags lab -count=1 -p 1 -parallel 32 -timeout 30m -run 'TestAsServices|TestLab' ./integration ./integration/lab

.PHONY: chaos
chaos: setup/test setup/lab ## break the lab in every way for longer, and hold the ledger to it: build/chaos/ledger.md (not part of make test yet)
	NESTBOX_CHAOS=long go test -tags lab -count=1 -v -timeout 2h ./integration/chaos

.PHONY: fuzz
fuzz: firmware/fuzz ## run each fuzz target for FUZZTIME (20s)
	@setup/fuzz $(FUZZTIME) $(MODULES)

.PHONY: lint
lint: setup/run ## check formatting, module files and the linters' rules
	@for module in $(MODULES); do (cd "$$module" && echo "lint $${module#$(CURDIR)/}" && GOWORK=off go mod tidy -diff && $(GOLANGCI_LINT) run); done

.PHONY: bench
bench: setup/test ## measure the request paths, each as a ratio to a bare handler in the same run
	go test ./services/hub/bench -run '^$$' -bench . -benchtime 1x -timeout 30m -v

.PHONY: setup
setup: setup/test ## install what the other commands need

.PHONY: setup/run setup/test setup/lab
setup/run setup/test setup/lab: setup/%:
	@setup/require $*

.PHONY: clean
clean: ## delete what the build made (not ./data)
	rm -rf bin build .tools

# The linter is built from its module, at one version for everybody.
GOLANGCI_LINT_VERSION := v2.15.0
GOLANGCI_LINT := $(CURDIR)/.tools/golangci-lint-$(GOLANGCI_LINT_VERSION)
lint: $(GOLANGCI_LINT)
$(GOLANGCI_LINT):
	@echo "building golangci-lint $(GOLANGCI_LINT_VERSION) (once)"
	@mkdir -p .tools && GOBIN=$(CURDIR)/.tools go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	@mv .tools/golangci-lint $@

include firmware/firmware.mk
include docker/lab.mk
