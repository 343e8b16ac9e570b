# Everything a contributor runs. `make` alone lists it.

GO       ?= go
# No test is waited for longer than this, per package.
TIMEOUT  ?= 20m
# How long `make fuzz` stays with each fuzz test.
FUZZTIME ?= 30s
# How often `make crash` kills the program.
KILLS    ?= 300
# What `make bench` measures; empty means everything.
ONLY     ?=
CLUSTER  := $(GO) run ./internal/db/dbtest/withcluster

.DEFAULT_GOAL := help

.PHONY: help
help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z\/-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: test
test: ## Run every check: formatting, vet, all tests with the race detector (installs what is missing on Debian as root)
	@scripts/install-test-tools
	@unformatted=$$(gofmt -l cmd internal); if [ -n "$$unformatted" ]; then echo "not formatted, run gofmt -w on:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet -race ./...
	$(CLUSTER) $(GO) test -race -timeout $(TIMEOUT) ./...

.PHONY: demo
demo: ## Play the story: a small shop with holders, staff and an inbox, on this machine
	$(GO) run ./cmd/takeback demo

.PHONY: build
build: ## Build the program as bin/takeback
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s -w' -o bin/takeback ./cmd/takeback

.PHONY: story
story: ## Run the story tests alone, telling every step
	@scripts/install-test-tools
	$(CLUSTER) $(GO) test -v -count=1 -timeout $(TIMEOUT) ./internal/story/...

.PHONY: crash
crash: ## Kill the program KILLS times in the middle of the story and look for anything lost
	@scripts/install-test-tools
	TAKEBACK_TEST_KILLS=$(KILLS) $(CLUSTER) $(GO) test -v -count=1 -timeout 120m -run Crash ./internal/story/... ./internal/app

.PHONY: fuzz
fuzz: ## Run every fuzz test for FUZZTIME
	@set -e; for package in $$(grep -rl --include='*_test.go' '^func Fuzz' cmd internal | xargs -r -n 1 dirname | sort -u); do \
		for name in $$(grep -ho '^func Fuzz[A-Za-z0-9_]*' $$package/*_test.go | cut -c 6-); do \
			echo "== $$package $$name"; \
			$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) ./$$package; \
		done; \
	done

.PHONY: bench
bench: ## Measure the running code against this machine's own limits (ONLY=session-check,change)
	$(GO) run ./cmd/takeback bench $(if $(ONLY),--only $(ONLY))

.PHONY: baselines
baselines: ## Print what is lost and left by the rules and by what is done without them
	@$(GO) test -count=1 -v -run '^TestBaselines$$' ./internal/scenario

.PHONY: habits
habits: ## Print sizes, comments and tests of this tree beside those of code we admire
	@$(GO) run ./internal/archtest/habits

.PHONY: lint
lint: ## Run the linters of .golangci.yml, if golangci-lint is installed
	@command -v golangci-lint >/dev/null || { echo "golangci-lint is not on the PATH; https://golangci-lint.run tells how to install it"; exit 1; }
	golangci-lint run ./...
