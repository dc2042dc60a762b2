# make run    the service with a demonstration in ./data, until Ctrl-C
# make help   everything else

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PORT  ?= 8080
VIDEO ?= client-sdk/film/testdata/visit.mp4
# Where the film lies: in the service's folder, or on an S3 server beside it. Each
# kind has a folder of its own, because a service's film never moves.
STORE ?=
DATA  ?= data$(if $(STORE),-$(STORE))
ifneq ($(filter-out minio versitygw,$(STORE)),)
$(error STORE=$(STORE) is not known here: give minio or versitygw, or leave it out)
endif
# Handed on as they are: a film's name may hold spaces and quotes.
export PORT VIDEO DATA

WEB   := client-sdk/web
BIN   := .cache/bin
STORE_PROGRAM := $(if $(STORE),$(BIN)/$(STORE))
# The browser's part is optional for Go (server/pages answers 503 without it),
# so only the targets that show pages ask for Node.
PAGES := .cache/pages.stamp
WEB_SOURCES := $(shell find $(WEB)/src -type f 2>/dev/null) $(wildcard $(WEB)/*.json $(WEB)/build.mjs server/pages/carer.css)
GO_FILES = find . -name '*.go' -not -path '*/node_modules/*' -not -path './.cache/*'

# Never fetch another Go behind the user's back: name the version instead.
export GOTOOLCHAIN := local
export CGO_ENABLED ?= 0

.PHONY: run demo pages build check test bench soak stores stock static clean help go node debian

run: build $(STORE_PROGRAM) ## build all, walk the journey once with VIDEO=, serve ./data on PORT= until Ctrl-C; STORE=minio: film on S3
	@exec $(BIN)/demo --bin $(BIN) --data "$$DATA" --store "$(STORE)" --port "$$PORT" --video "$$VIDEO"

demo: build $(STORE_PROGRAM) ## the same steps in a temporary folder, each outcome checked, the page in real Chromium
	@exec $(BIN)/demo --bin $(BIN) --store "$(STORE)" --check --video "$$VIDEO" --drive $(WEB)/test/browser/drive.mjs --shots .cache/shots

build: go pages ## the binaries, in .cache/bin
	@mkdir -p $(BIN)
	go build -trimpath -o $(BIN)/ ./cmd/attuned ./cmd/attune ./cmd/demo

pages: node $(PAGES) ## the carer page's scripts, in server/pages/build

$(WEB)/node_modules/.package-lock.json: $(WEB)/package-lock.json
	cd $(WEB) && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

$(PAGES): $(WEB)/node_modules/.package-lock.json $(WEB_SOURCES)
	cd $(WEB) && npm run --silent build
	@mkdir -p $(@D) && touch $@

check: static ## formatting, vet, cross-builds, Go tests: no browser, no Node, a few rounds of killing
	ROUNDS=$${ROUNDS:-4} go test ./...
	go -C cmd/bench test ./...

# SQLite is C in Go's clothes: the race detector's check of each pointer in it takes
# a third of all the time, and finds C. Races in it are looked for all the same: code
# built without the detector would lose those in what it shares with us.
UNCHECKED := -gcflags='modernc.org/...=-d=checkptr=0'

# The Go tests come last: the tally's last line is the run's. The simulation runs on one
# goroutine and without the race detector, which finds nothing there and takes its time.
test: debian build static stores stock ## everything, from nothing; nothing skips; as root, for CUTS=20 power cuts
	cd $(WEB) && npm run --silent check && npm test && npm run --silent test:browser
	$(MAKE) --no-print-directory demo
	$(MAKE) --no-print-directory demo STORE=minio
	go -C cmd/bench test -count=1 -json ./... | go run .ci/tally.go
	go vet -tags s3,acme,smtp ./storage/objects/... ./cmd/attuned ./cmd/attune
	go test -count=1 -timeout 5m -tags s3,acme,smtp -json ./storage/objects/... ./cmd/attuned | go run .ci/tally.go
	go vet -tags stock ./storage/accesslog ./client-sdk
	go test -count=1 -timeout 5m -tags stock -json -run 'Log|Fsck' ./storage/accesslog ./client-sdk | go run .ci/tally.go
	go test -count=1 -timeout 5m -tags s3 -json -run OnS3 ./cmd/attune | go run .ci/tally.go
	go test -count=1 -timeout 10m -json ./cmd/soak | go run .ci/tally.go
	go vet -tags power ./storage/powercut
	go test -count=1 -timeout 20m -tags power -json ./storage/powercut | go run .ci/tally.go
	CGO_ENABLED=1 go test -race $(UNCHECKED) -count=1 -timeout 30m -json $$(go list ./... | grep -v /cmd/soak) | go run .ci/tally.go

# A module of its own: what it measures against never enters the product's.
bench: debian pages $(BIN)/minio ## measure: a table, and .cache/bench/NAME.json (ONLY=seal,carer RUNS=7 QUICK=1)
	@mkdir -p .cache/bench
	go -C cmd/bench build -trimpath -o $(abspath .cache/bench)/bench .
	@.cache/bench/bench $(if $(ONLY),-only "$(ONLY)") $(if $(RUNS),-runs "$(RUNS)") $(if $(QUICK),-quick)

# A seed that fails prints the line that runs it again. Nothing is downloaded or kept.
soak: go ## weeks of bad luck, simulated: SEEDS=100 runs of STEPS=2000 with DEVICES=52; SEED=17 one again
	SEEDS=$(or $(SEEDS),100) go test ./cmd/soak -count=1 -timeout 0 -v -run 'TestSoak$$' | grep -v '^=== '

# Separate programs, which the tests start and nothing of ours imports; MinIO's
# licence is AGPL-3.0. Pinned: MinIO has no release that Go knows by a version.
VERSITYGW := github.com/versity/versitygw/cmd/versitygw@v1.8.0
MINIO     := github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c

# Let's Encrypt's own certificate authority for tests, and its name server.
PEBBLE    := github.com/letsencrypt/pebble/v2/cmd/pebble@v2.10.1
PEBBLEDNS := github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv@v2.10.1

# Verifies a log of C2SP tlog-tiles, by the authors of the format and not by us.
FSCK      := github.com/transparency-dev/tessera/cmd/fsck@v1.0.4

stores: go $(BIN)/versitygw $(BIN)/minio $(BIN)/pebble $(BIN)/pebble-challtestsrv ## S3 servers and a certificate authority for the tests, in .cache/bin: up to 20 minutes, once

$(BIN)/versitygw:
	@echo "Building versitygw, once: a few minutes."
	GOBIN=$(abspath $(BIN)) go install $(VERSITYGW)

$(BIN)/minio:
	@echo "Building MinIO from its last source, once: up to 20 minutes."
	GOBIN=$(abspath $(BIN)) go install $(MINIO)

$(BIN)/pebble:
	GOBIN=$(abspath $(BIN)) go install $(PEBBLE)

$(BIN)/pebble-challtestsrv:
	GOBIN=$(abspath $(BIN)) go install $(PEBBLEDNS)

stock: go $(BIN)/fsck ## a verifier of logs that is not ours, in .cache/bin

$(BIN)/fsck:
	GOBIN=$(abspath $(BIN)) go install $(FSCK)

static: go
	@unformatted=$$($(GO_FILES) | xargs gofmt -l); \
	if [ -n "$$unformatted" ]; then echo "gofmt -w $$unformatted"; exit 1; fi
	go vet ./...
	go -C cmd/bench vet ./...
	go build ./...
	GOOS=windows GOARCH=amd64 go build -o /dev/null ./cmd/attune
	GOOS=darwin GOARCH=arm64 go build -o /dev/null ./cmd/attune
	GOOS=android GOARCH=arm64 go build -o /dev/null ./cmd/attune

clean: ## remove what was built; ./data stays
	rm -rf .cache $(WEB)/dist $(WEB)/node_modules
	find server/pages/build -type f -not -name .gitkeep -delete

help: ## this list
	@sed -n 's/^\([a-z]*\):.* ## \(.*\)/  make \1\t\2/p' Makefile | expand -t 14

# make itself answers every failure with status 2; "Error 3" on its last line is
# the status of what failed: a prerequisite is missing.
go:
	@minor=$$(go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p' || true); \
	if [ "$${minor:-0}" -lt 26 ]; then \
	  echo "Attune needs Go 1.26 or newer; found $$(go env GOVERSION 2>/dev/null || echo none). Get it from https://go.dev/dl/" >&2; exit 3; fi

node:
	@version=$$(node --version 2>/dev/null | tr -d v || true); \
	if [ "$$(printf '%s\n' 20.19.0 "$${version:-0}" | sort -V | head -n 1)" != 20.19.0 ]; then \
	  echo "Attune's pages need Node 20.19 or newer; found $${version:-none}. Get it from https://nodejs.org/en/download" >&2; exit 3; fi

# Debian packages are installed only here, only by root, never with sudo.
DEBIAN := chromium openssl ffmpeg gcc python3 aiosmtpd
debian:
	@missing=""; \
	for p in $(DEBIAN); do command -v $$p >/dev/null || missing="$$missing $$p"; done; \
	case "$$missing" in *gcc*) missing="$$missing libc6-dev";; esac; \
	missing="$${missing/ aiosmtpd/ python3-aiosmtpd}"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" != 0 ]; then echo "make test needs these Debian packages:$$missing. As root: apt-get install$$missing" >&2; exit 3; fi; \
	export DEBIAN_FRONTEND=noninteractive; \
	apt-get -qq update && apt-get -qq install -y --no-install-recommends $$missing
