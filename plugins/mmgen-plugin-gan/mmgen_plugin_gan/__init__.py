"""Generative adversarial networks for mmgen."""
