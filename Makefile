# SPDX-License-Identifier: Apache-2.0
# The front of the build; CMakeLists.txt is the build. `make help` lists what there is.

BUILD    ?= build
SANITIZE ?= build-sanitize
FUZZ     ?= build-fuzz
COVERAGE ?= build-coverage
PREFIX   ?= /usr/local
SYSCONFDIR ?= /etc
JOBS     ?= $(shell nproc)
WERROR   ?= OFF
FUZZ_SECONDS ?= 60

# A build directory belongs to one compiler: another one begins afresh.
STAMP     = configured-$(notdir $(CXX))-werror-$(WERROR)
CONFIGURE = cmake -S . -DCMAKE_CXX_COMPILER=$(CXX) -DTARE_WERROR=$(WERROR)
BUILD_ALL = cmake --build $(1) --parallel $(JOBS)

MAKEFLAGS += --no-print-directory
.NOTPARALLEL:
.PHONY: all check-reproducible deb deps run test test-engines test-engines-long test-engines-guest test-guest lose-power test-package matrix test-arm64 test-faults soak mutants weekly install lint format coverage bench fuzz fuzz-coverage clean help sanitize

all: $(BUILD)/$(STAMP) ## build/tare, a static program
	$(call BUILD_ALL,$(BUILD))

$(BUILD)/$(STAMP):
	$(CONFIGURE) --fresh -B $(BUILD)
	rm -f $(BUILD)/configured-* && touch $@

$(SANITIZE)/$(STAMP):
	$(CONFIGURE) --fresh -B $(SANITIZE) -DTARE_SANITIZE=ON -DTARE_FAULT_POINTS=ON -DTARE_TESTS=ON
	rm -f $(SANITIZE)/configured-* && touch $@

sanitize: $(SANITIZE)/$(STAMP) ## the same and the unit tests, under sanitizers
	$(call BUILD_ALL,$(SANITIZE))

deps: ## install the Debian packages that building and testing need (as root)
	.ci/deps

run: ## run a busybox container and leave nothing; with BUNDLE=bundles/uts play that lesson of the course
	.ci/deps build
	$(MAKE) all
	$(if $(BUNDLE),RUNTIME=$(abspath $(BUILD)/tare) $(BUNDLE:/=)/run,.ci/run-sample $(BUILD))

test: deps all sanitize ## every test; the last line sums up
	.ci/test $(BUILD) $(SANITIZE)

test-engines: all ## tests/engines alone; writes the table of docs/engines.md
	TARE=$(abspath $(BUILD)/tare) TARE_ENGINES_TABLE=1 /usr/bin/python3 -m pytest -p no:cacheprovider -q --durations=10 tests/engines

test-guest: all ## integration tests under QEMU, where cgroup v2 is all there is (TESTS=integration/test_mounts.py: these)
	tests/guest/test $(BUILD)/tare $(TESTS)

LOSSES ?= 100
lose-power: deps all ## the guest loses its power in the middle of creates and deletes, with the store on a disk (LOSSES=)
	tests/guest/lose-power $(BUILD)/tare $(LOSSES)

test-engines-long: deps all ## a swarm of two engines, and ten minutes of liveness probes
	TARE_ENGINES_TABLE=1 TARE_LONG=1 TARE_PROBE_SECONDS=600 TARE=$(abspath $(BUILD)/tare) \
	  /usr/bin/python3 -m pytest -p no:cacheprovider -q tests/engines/test_swarm.py tests/engines/test_cri_node.py

SUITE ?= trixie
FILES ?= $(notdir $(wildcard tests/engines/test_*.py))
test-engines-guest: deps all ## tests/engines in the guest, a session for each of FILES= (SUITE=sid: the next versions; trixie's go to the table)
	TARE_ENGINES_TABLE=$(filter trixie,$(SUITE)) TARE_GUEST_SUITE=$(SUITE) \
	  .ci/series $(FILES:%='tests/guest/test $(BUILD)/tare engines/%')

matrix: ## unit tests of builds by other compilers and for other processors (ROWS=, of tests/matrix/rows)
	.ci/deps matrix
	tests/matrix/run $(ROWS)

test-faults: deps all ## every fault at every system call, with counts (FAULTS=options, of tests/faults/run)
	TARE=$(BUILD)/tare TARE_ROUNDS=100 TARE_MODEL_EXAMPLES=3000 .ci/series \
	  'tests/faults/run $(BUILD)/tare $(FAULTS)' 'tests/faults/run --user-namespace $(BUILD)/tare $(FAULTS)' \
	  '/usr/bin/python3 -m pytest -p no:cacheprovider -q -s tests/faults/test_pairs.py tests/faults/test_model.py'

soak: deps all ## 10,000 lives of containers and as many execs: nothing grows (SOAK=options, of tests/faults/soak)
	tests/faults/soak $(SOAK) $(BUILD)/tare

test-arm64: ## build for arm64, unit tests and integration tests under QEMU
	.ci/deps arm64
	.ci/series 'tests/matrix/run arm64' 'TARE_GUEST_ARCHITECTURE=arm64 tests/guest/test build-matrix/arm64/tare'

mutants: deps ## take out each protection in turn: a test must fail, in a guest under QEMU (MUTANTS=, of tests/mutants/table)
	tests/mutants/run $(MUTANTS)

weekly: ## one after the other what takes longer than `make test`, of .ci/weekly (TARGETS=); the last line sums up
	.ci/weekly $(TARGETS)

install: all ## the program, the link pinns, manual pages and completions, into $(DESTDIR)$(PREFIX), and settings for podman
	DESTDIR=$(DESTDIR) cmake -DTARE_SYSCONFDIR=$(SYSCONFDIR) $(BUILD) >/dev/null
	DESTDIR=$(DESTDIR) cmake --install $(BUILD) --prefix $(PREFIX)

ARCHITECTURE ?= amd64
deb: ## Debian package, tarball, SBOM and checksums of HEAD in build-package (ARCHITECTURE=amd64 or arm64)
	.ci/deps matrix
	.packaging/build $(ARCHITECTURE)

check-reproducible: ## build the packages of HEAD twice and compare them (ARCHITECTURE=)
	.ci/deps matrix
	.packaging/check-reproducible $(ARCHITECTURE)

test-package: deps deb ## lintian of Debian 12 and 13, upgrade and removal of the package with containers running
	TARE=$(abspath build-package/amd64/tare) /usr/bin/python3 -m pytest -p no:cacheprovider -q tests/package

lint: ## layout, shell, Python, layers, clang-tidy (CHECKS=, see .ci/lint)
	.ci/lint $(BUILD) $(CHECKS)

format: ## lay out the C++ code as .clang-format says
	.ci/lint $(BUILD) format

coverage: ## lines and functions that the unit tests run
	.ci/deps coverage
	$(MAKE) $(COVERAGE)/$(STAMP)
	$(call BUILD_ALL,$(COVERAGE)) --target unit
	.ci/coverage $(COVERAGE)

$(COVERAGE)/$(STAMP):
	$(CONFIGURE) --fresh -B $(COVERAGE) -DTARE_COVERAGE=ON -DTARE_TESTS=ON
	rm -f $(COVERAGE)/configured-* && touch $@

bench: all ## compare with the runtimes that are installed (BENCH=options, of tests/bench/run)
	tests/bench/run $(BUILD)/tare $(BENCH)

fuzz: ## each fuzz target for a minute (FUZZ_SECONDS=)
	.ci/deps fuzz
	cmake -S . -B $(FUZZ) -DCMAKE_CXX_COMPILER=clang++ -DTARE_SANITIZE=ON -DTARE_FUZZ=ON
	$(call BUILD_ALL,$(FUZZ))
	FUZZ_SECONDS=$(FUZZ_SECONDS) .ci/fuzz $(FUZZ)

fuzz-coverage: ## which lines of each parser the corpora of its fuzz target run, at least 90 %
	.ci/deps fuzz
	cmake -S . -B $(FUZZ) -DCMAKE_CXX_COMPILER=clang++ -DTARE_SANITIZE=ON -DTARE_FUZZ=ON
	$(call BUILD_ALL,$(FUZZ))
	.ci/fuzz-coverage $(FUZZ)

clean:
	rm -rf $(BUILD) $(SANITIZE) $(FUZZ) $(COVERAGE) build-matrix build-mutants build-package

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | expand -t 12
