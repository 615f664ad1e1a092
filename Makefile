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

# Each fuzz target for a moment and each fault for seconds; `make fuzz` and `make chaos` take longer.
.PHONY: test
test: FUZZTIME = 5s
test: setup/test setup/lab build firmware/test firmware/coverage services/test integration/test fuzz ## run every test, on real Postgres and Redis servers, in QEMU and in containers, all started by itself

# What measures the shipped program, with a month of data that would take minutes to make under the race detector.
MEASURING = ^TestSmallAndQuickWithAMonthOfData$$

.PHONY: services/test
services/test: ## run the Go tests with the race detector
	@# -count=1: some tests build the programs themselves, which the test cache does not see.
	go test -race -count=1 -timeout 20m -skip '$(MEASURING)' $(filter-out $(CURDIR)/integration/...,$(PACKAGES))
	go test -count=1 -timeout 20m -run '$(MEASURING)' ./services/hub/e2e

# They mostly wait, so many at once; what compiles or measures does not have others beside it.
INTEGRATION = go test -count=1 -parallel 32 -timeout 40m

.PHONY: integration/test
integration/test: setup/test setup/lab ## run the story with virtual and emulated cameras, on a hub in one process and in the lab, and the faults
	COMPOSE_FILE=docker/compose.yaml:docker/compose.observe.yaml:docker/compose.chaos.yaml docker/lab build
	$(INTEGRATION) ./integration/broken ./integration/ledger
	$(INTEGRATION) ./integration/emulated
	$(INTEGRATION) -p 2 ./integration ./integration/lab
	$(INTEGRATION) ./integration/chaos
	@cat build/chaos/ledger.md

.PHONY: chaos
chaos: setup/test setup/lab ## break the lab in every way for longer, and hold the ledger to it: build/chaos/ledger.md
	NESTBOX_CHAOS=long $(INTEGRATION) -v -timeout 2h ./integration/chaos
	@cat build/chaos/ledger.md

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
