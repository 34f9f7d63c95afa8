"""Convolutional networks: encoders of pictures that classify, and an autoencoder."""
