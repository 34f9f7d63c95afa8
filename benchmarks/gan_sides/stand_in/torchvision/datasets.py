"""Empty: `script_worker.py` puts its own MNIST here, as it does in torchvision's module."""
