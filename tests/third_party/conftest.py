"""The plugins' own tests are run where the plugins are installed: see test_third_party.py."""

collect_ignore_glob = ["mmgen-plugin-*"]
