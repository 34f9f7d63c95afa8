"""The files of models: found, fetched from the Hub, pinned, verified and published."""
