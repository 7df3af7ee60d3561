# Two cores or twenty: every target is safe to run alone; none needs another by hand.
.PHONY: help build test demo up bench clean

help: ## this list
	@awk -F ":.*## " "/^[a-z]+:.*## /{printf \"make %-8s %s\\n\", \$$1, \$$2}" Makefile

build: ## the programs, in bin/: fleet, fleet-host, fleet-root-helper
	@build/build.sh

test: ## every test; installs what they need; last line: N passed, N failed
	@build/test.sh

demo: build ## real servers as jobs, the agent killed with -9 and taken up again, root for a moment by two signatures, everything stopped
	@demo/run.sh

up: build ## the agent of one host in the foreground (DIR=folder for its state)
	@build/up.sh

bench: build ## the measures of docs/benchmarks.md, as ratios taken in one run
	@bench/run.sh

clean: ## removes what builds and tests made in this folder
	@rm -rf bin artifacts src/*/bin src/*/obj tests/*/bin tests/*/obj bench/*/bin bench/*/obj
