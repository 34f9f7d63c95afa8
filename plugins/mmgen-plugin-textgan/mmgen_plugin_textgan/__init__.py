"""Adversarial networks that answer captions, or any other condition, for mmgen."""
