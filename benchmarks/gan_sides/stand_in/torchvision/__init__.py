"""The few names of torchvision that the public GAN scripts import, where it is not installed.

There is no build of it for every platform that torch has builds for.
"""

__version__ = "stand-in"
