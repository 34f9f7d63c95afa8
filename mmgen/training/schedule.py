"""Learning-rate schedules: pure functions of the step."""

import math

from mmgen.training.config import TrainingConfig


def rate_factor(config: TrainingConfig, step: int, num_steps: int) -> float:
    """Return what the learning rate is multiplied by at a step, 0 <= step < num_steps.

    It rises linearly over the warm-up, reaching 1 at step `warmup_steps`, then stays, or falls to
    `final_learning_rate` at the last step: along half a cosine (Loshchilov and Hutter 2017,
    equation 5) or a line.
    """
    if step < config.warmup_steps:
        return (step + 1) / (config.warmup_steps + 1)
    if config.schedule == "constant":
        return 1.0
    length = max(num_steps - 1 - config.warmup_steps, 1)
    done = min((step - config.warmup_steps) / length, 1.0)
    left = 1 - done if config.schedule == "linear" else (1 + math.cos(math.pi * done)) / 2
    final = config.final_learning_rate
    return final + (1 - final) * left
