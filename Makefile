# Two commands do everything on a fresh Debian machine with Python and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := speech-two-cities

.PHONY: demo test servers unit chaos check format bench serve lock clean

demo: $(VENV)/.ready ## caption a real speech recording, print the subtitles and their quality report
	@$(BIN)/batuta models pull whisper-base $(DEMO)
	@$(BIN)/batuta caption "$$($(BIN)/batuta models path $(DEMO))/two_cities.wav" --output - --report

test: check servers ## everything that must be green
	@$(BIN)/batuta models pull whisper-base whisper-tiny.en spleeter-2stems bergamot-en-pt bergamot-pt-en \
	  kokoro-82m kokoro-voices efficientnet-lite0 $(DEMO)
	$(BIN)/pytest --numprocesses auto

servers: ## what the tests start for real, from Debian's packages when we are root and it is missing
	@for pair in postgres:postgresql chromium:chromium redis-server:redis-server rabbitmq-server:rabbitmq-server \
	    apertium:apertium eng-spa.mode:apertium-eng-spa es-pt.mode:apertium-es-pt; do \
	  command -v $${pair%%:*} >/dev/null \
	    || ls /usr/lib/postgresql/*/bin/$${pair%%:*} /usr/sbin/$${pair%%:*} /usr/share/apertium/modes/$${pair%%:*} 2>/dev/null \
	      | grep -q . || missing="$$missing $${pair##*:}"; \
	done; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing; \
	  else echo "the tests need these packages: apt-get install$$missing"; exit 1; fi; fi

unit: $(VENV)/.ready ## the fast tests only, in seconds
	$(BIN)/pytest -m "not weights and not slow" --numprocesses auto --quiet

chaos: $(VENV)/.ready servers ## the chaos tests, longer, with figures
	BATUTA_CHAOS=long $(BIN)/pytest tests/chaos -s

check: $(VENV)/.ready ## lint, format, types, import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/lint-imports

format: $(VENV)/.ready ## put the code in its form
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

bench: $(VENV)/.ready ## print figures beside their limits; DATA names the folder of the judged catalogue
	$(BIN)/python -m benchmarks $(DATA)

serve: $(VENV)/.ready ## serve on 127.0.0.1:8000
	$(BIN)/batuta serve

lock: $(VENV)/.ready ## renew uv.lock; it names no package index, so that everybody's own is used
	$(BIN)/uv lock --upgrade
	$(PYTHON) scripts/neutral_lock.py uv.lock

clean: ## remove the virtual environment and caches, not the data
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# The environment: uv from pip, exactly the locked versions by hash, from whatever index pip or uv is set up for.
$(VENV)/.ready: uv.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Batuta needs Python 3.11 or later")'
	@$(PYTHON) -m venv $(VENV) || { test "$$(id -u)" = 0 && apt-get update && apt-get install -y python3-venv && $(PYTHON) -m venv $(VENV); }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv export --quiet --frozen --no-emit-project --output-file $(VENV)/requirements.txt >/dev/null
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement $(VENV)/requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@
