"""Sound as a condition: an encoder of log-mel spectrograms."""
