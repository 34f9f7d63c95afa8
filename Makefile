# mmgen from a checkout. Needs Python 3.11 or newer, and make; everything goes into .venv.
#
#   make demo            install the core and all plugins, and make a picture
#   make test            install the test extras too, and run the tests
#   make lint            ruff (lint and format) and mypy
#   make docs            build the documentation site into build/docs
#   make install         the environment alone
#   make wheels          a source distribution and a wheel of each project, into dist/
#   make registry-check  is registry.toml what the plugins' own files say?
#   make package-check   install the wheels in a new environment, and use them there, offline
#   make clean           remove .venv and dist
#
# PYTHON=/path/to/python chooses the Python; PYTEST_ARGS="tests/data -x" what pytest runs.

.DELETE_ON_ERROR:
.PHONY: demo test lint docs install wheels registry-check package-check clean

VENV := .venv
PY := $(VENV)/bin/python
PIP_INSTALL := $(PY) -m pip --disable-pip-version-check install -c constraints.txt
PLUGINS := $(patsubst %/pyproject.toml,%,$(sort $(wildcard plugins/*/pyproject.toml)))
PACKAGES := mmgen $(sort $(wildcard plugins/*/mmgen_plugin_*))
COMMA := ,
PYTEST_ARGS ?= -n auto --maxprocesses 4 --dist worksteal

# What an installation depends on; the code itself is installed editable.
REQUIREMENTS := pyproject.toml $(PLUGINS:%=%/pyproject.toml) constraints.txt hatch_build.py

export PYTHON

demo: install
	$(VENV)/bin/mmgen run vae-mnist --label 7 -n 16 --seed 0 -o demo.png --force
	@echo "The picture is $(CURDIR)/demo.png"

test: $(VENV)/.mmgen-test
	OMP_NUM_THREADS=1 $(PY) -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.mmgen-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy $(PACKAGES)

docs: $(VENV)/.mmgen-test
	NO_MKDOCS_2_WARNING=1 OMP_NUM_THREADS=1 $(PY) -m mkdocs build --strict --quiet
	@echo "The site begins at $(CURDIR)/build/docs/index.html"

install: $(VENV)/.mmgen-run

wheels: $(VENV)/.mmgen-dev
	rm -rf dist
	for project in . $(PLUGINS); do \
	    $(PY) -m build --no-isolation --outdir dist "$$project" || exit 1; \
	done

registry-check: $(VENV)/.mmgen-run
	$(PY) -m mmgen.catalogue_index --check

package-check: wheels
	.ci/package-check

clean:
	rm -rf $(VENV) dist

$(PY):
	.ci/make-venv $(VENV)

# The build backend comes first, pinned, and builds without isolation: so no build environment can
# bring another version of anything. $(1) and $(2) are the extras of the core and of the plugins.
define editable_install
	$(PIP_INSTALL) hatchling
	$(PIP_INSTALL) --no-build-isolation -e ".$(1)" $(foreach plugin,$(PLUGINS),-e "$(plugin)$(2)")
	@touch $@
endef

$(VENV)/.mmgen-run: $(PY) $(REQUIREMENTS)
	$(call editable_install,,)

$(VENV)/.mmgen-test: $(PY) $(REQUIREMENTS)
	$(call editable_install,[test$(COMMA)docs],[test])

$(VENV)/.mmgen-dev: $(PY) $(REQUIREMENTS)
	$(call editable_install,[dev],[test])
