# Two commands do everything on a fresh Debian 12: `make demo` and `make test`. `make help` lists the others.

PRESET ?= release
STORE ?= sqlite
GUARD ?= once
BROKER ?= rabbitmq
JOBS ?= $(shell nproc)
python := build/venv/bin/python

# CMake reads these when it configures a folder for the first time.
ccache := $(shell command -v ccache)
ifneq ($(ccache),)
export CMAKE_C_COMPILER_LAUNCHER := $(ccache)
export CMAKE_CXX_COMPILER_LAUNCHER := $(ccache)
endif

.PHONY: help setup build test package demo bench soak sanitize lint format services clean
.DEFAULT_GOAL := help

help: ## lists the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 12

setup: ## installs packages, the Python environment and the demonstration's data, if they are missing
	@tools/setup

build: setup ## builds everything: PRESET=release | debug | asan | tsan | clang | fuzz
	@test -e build/$(PRESET)/build.ninja || cmake --preset $(PRESET)
	@cmake --build --preset $(PRESET) -j $(JOBS)

# Tests wait more than they work: one more at once than there are cores.
test: build ## builds, starts private servers, runs every test, stops the servers
	@tools/services run -- ctest --preset $(PRESET) -j $$(($(JOBS) + 1))

package: build ## Debian packages of the program, the C libraries and what services build with: build/release/packages
	@cmake --build --preset $(PRESET) -j $(JOBS) --target package_contents
	@cpack --config build/$(PRESET)/CPackConfig.cmake -B build/$(PRESET)/packages
	@$(python) tools/sbom build/$(PRESET) > build/$(PRESET)/packages/waybill.cdx.json

demo: build ## the shop on real orders while parts of it are killed: STORE=sqlite | postgresql | redis, GUARD=once | sharded | redis | both | cache, BROKER=rabbitmq | kafka | rocketmq
	@$(python) tools/demo --store $(STORE) --guard $(GUARD) --broker $(BROKER)

bench: build ## the relay beside the raw limit of the same broker, from one run
	@$(python) tools/bench

soak: build ## the system tests with more load and more faults
	@WAYBILL_SOAK=1 WAYBILL_BINARY=build/release/src/cli/waybill $(python) -B -m pytest -p no:cacheprovider tests/system

sanitize: setup ## unit, contract and simulation tests under address, undefined-behaviour and thread sanitizers
	@tools/sanitize $(JOBS)

lint: setup ## formatting, our own rules, a clang build without warnings, clang-tidy, shellcheck
	@tools/lint/run $(JOBS)

format: setup ## formats the C and C++ sources in place
	@git ls-files '*.h' '*.hpp' '*.c' '*.cpp' | xargs clang-format-19 -i

services: setup ## starts private PostgreSQL and RabbitMQ servers and prints their URLs, until Ctrl-C
	@tools/services up

clean: ## removes everything that was built or fetched
	@rm -rf build
