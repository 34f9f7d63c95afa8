"""Variational autoencoders for mmgen."""
