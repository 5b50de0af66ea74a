# Every target is one script or one cargo call. CI runs `check` and `test` (.ci/run).

.PHONY: run demo test check wasm e2e compose-test bench fuzz clean

run:           ## starts Envoy and what it stands between, and prints curl lines
	@scripts/demo.sh run

demo:          ## walks the same tour by itself
	@scripts/demo.sh tour

test:          ## everything that runs: natively, in Node, in Envoy
	@scripts/test.sh

check:         ## everything that needs no running: format, lints, docs, dependencies
	@scripts/check.sh

wasm:          ## target/tenantgate.wasm
	@scripts/wasm.sh

e2e:           ## the scenarios against a real Envoy alone
	@scripts/test.sh --test e2e

compose-test:  ## the tour through docker-compose.yaml
	@scripts/compose-test.sh

bench:         ## CPU per request in Envoy, beside native filters at the same job
	@scripts/bench.sh

fuzz:          ## every fuzz target for FUZZ_SECONDS (30) each, with the number of executions
	@scripts/fuzz.sh

clean:
	@rm -rf target
