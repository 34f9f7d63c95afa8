"""The smallest family that keeps the contract: for tests, and to read before writing a plugin.

`tiny-net` decodes a few latent numbers and the condition with one hidden layer; `tiny-inpainter`
paints with it where a mask says so.
"""
