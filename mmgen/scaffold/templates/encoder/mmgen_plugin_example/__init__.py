"""A small convolutional encoder of pictures."""
