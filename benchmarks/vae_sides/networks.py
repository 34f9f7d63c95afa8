"""pythae's two MNIST autoencoders, layer by layer, in plain torch.

The same layers in the same order as `pythae.models.nn.default_architectures` (multilayer
perceptron) and `pythae.models.nn.benchmarks.mnist.resnets` (residual convolutional), so that the
parameters of one can be copied into the other and both must then compute the same.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

LATENT_WIDTH = 16
NETWORKS = ("mlp", "resnet")


class Residual(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(width, hidden, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(hidden, width, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.branch(x)


class Posterior(nn.Module):
    """Images (N, 1, 28, 28) -> mean and log variance of the latent, (N, 16) each."""

    def __init__(self, network: str) -> None:
        super().__init__()
        if network == "mlp":
            layers = [nn.Flatten(), nn.Linear(784, 512), nn.ReLU()]
            width = 512
        else:
            layers = [
                nn.Conv2d(1, 64, 4, 2, padding=1),
                nn.Conv2d(64, 128, 4, 2, padding=1),
                nn.Conv2d(128, 128, 3, 2, padding=1),
                Residual(128, 32),
                Residual(128, 32),
                nn.Flatten(),
            ]
            width = 2048
        self.layers = nn.Sequential(*layers)
        self.mean = nn.Linear(width, LATENT_WIDTH)
        self.log_variance = nn.Linear(width, LATENT_WIDTH)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.layers(images)
        return self.mean(hidden), self.log_variance(hidden)


def doubling(width: int, out_width: int) -> nn.Module:
    """(N, width, h, w) -> (N, out_width, 2h, 2w)."""
    return nn.ConvTranspose2d(width, out_width, 3, 2, padding=1, output_padding=1)


def build_decoder(
    network: str, doubling: Callable[[int, int], nn.Module] = doubling
) -> nn.Sequential:
    """Latents (N, 16) -> logits (N, 1, 28, 28); pythae's own ends with the sigmoid of them."""
    if network == "mlp":
        return nn.Sequential(
            nn.Linear(LATENT_WIDTH, 512),
            nn.ReLU(),
            nn.Linear(512, 784),
            nn.Unflatten(1, (1, 28, 28)),
        )
    return nn.Sequential(
        nn.Linear(LATENT_WIDTH, 2048),
        nn.Unflatten(1, (128, 4, 4)),
        nn.ConvTranspose2d(128, 128, 3, 2, padding=1),
        Residual(128, 32),
        Residual(128, 32),
        nn.ReLU(),
        doubling(128, 64),
        nn.ReLU(),
        doubling(64, 1),
    )


@torch.no_grad()
def copy_parameters(source: list[nn.Module], target: list[nn.Module]) -> int:
    """Copy all parameters in order; returns how many numbers. Raises ValueError on other shapes."""
    from_all = [p for module in source for p in module.parameters()]
    to_all = [p for module in target for p in module.parameters()]
    if [p.shape for p in from_all] != [p.shape for p in to_all]:
        raise ValueError("the two networks have other parameters")
    for from_one, to_one in zip(from_all, to_all, strict=True):
        to_one.copy_(from_one)
    return sum(p.numel() for p in to_all)
