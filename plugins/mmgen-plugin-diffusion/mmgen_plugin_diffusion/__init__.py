"""Latent and pixel diffusion, for any conditions, for mmgen."""
