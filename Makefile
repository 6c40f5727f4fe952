# Everything one does with Kreide. `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help run setup setup-test web build test unit web-unit e2e bench bench-full fuzz loadtest loadtest-short \
	lint fmt generate clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup build ## Build, start a server on http://localhost:8080, print two links
	@scripts/run.sh

build: web ## Build the binaries into target/release
	cargo build --release --locked --workspace --bins

web: web-client/dist/index.html ## Build the browser client into web-client/dist

test: setup-test lint web-unit unit fuzz loadtest-short e2e ## Everything that CI does: lint and all tests

unit: ## Rust tests
	BINARIES_ARE_BUILT=1 cargo test --locked --workspace

web-unit: web-client/node_modules/.package-lock.json ## Unit tests of the browser client
	npm --prefix web-client test --silent

e2e: build ## Real browsers against the real binary
	npm --prefix web-client run --silent e2e

bench: build ## Measure what a packet costs, the floor under it, and how many classrooms fit here
	cargo bench --locked --package kreide-bench-micro
	cargo run --locked --release --quiet --package kreide-floor
	target/release/capacity --seconds 5

bench-full: build ## Measure everything; the reports go to OUT (benches/results/<date>-<machine>)
	@scripts/bench-full.sh

FUZZ_SECONDS ?= 20
fuzz: ## Search for inputs that break a parser, FUZZ_SECONDS (20) for each
	@scripts/setup.sh fuzz
	@scripts/fuzz.sh $(FUZZ_SECONDS)

loadtest: build ## Play lessons against the server and measure it
	@scripts/loadtest.sh

loadtest-short: build ## The same in seconds, which fails if anything is lost
	@scripts/loadtest.sh strict

lint: web-client/node_modules/.package-lock.json ## Format, warnings, types, licences
	cargo fmt --all --check
	cargo clippy --quiet --locked --workspace --all-targets -- --deny warnings
	npm --prefix web-client run --silent check
	cargo deny --locked --log-level error check bans licenses sources
	node scripts/npm-licences.mjs

fmt: ## Format the Rust code
	cargo fmt --all

generate: ## Write the files that are generated from others
	cargo xtask generate

setup: ## Install what `make run` needs and is missing
	@scripts/setup.sh run

setup-test: ## Install what `make test` needs and is missing
	@scripts/setup.sh test

clean: ## Remove everything that was built; keeps ./data
	cargo clean
	rm -rf web-client/dist web-client/node_modules

# Built anew only when something changed: the binary embeds the result and is then built anew too.
web-client/dist/index.html: web-client/node_modules/.package-lock.json web-client/index.html \
		$(wildcard web-client/*.js web-client/*.ts web-client/tsconfig*.json) \
		$(shell find web-client/src web-client/public -type f 2>/dev/null)
	npm --prefix web-client run --silent build

# npm writes this file last, so it tells whether the installed packages are those of the lock.
web-client/node_modules/.package-lock.json: web-client/package-lock.json web-client/package.json
	npm --prefix web-client ci --no-audit --no-fund
	@touch $@
