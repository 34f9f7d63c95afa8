"""The settings of the training loop: the tables [training] and [conditioner] of a run file."""

from dataclasses import dataclass

from mmgen.errors import OptionError
from mmgen.options import Options, option, seed_option
from mmgen.slots import JOINS, MOST_EXAMPLES


@dataclass(frozen=True, kw_only=True)
class TrainingConfig(Options):
    """How long, how fast and on what a training runs; how often it is looked at."""

    steps: int = option(10_000, minimum=1, help="steps of each stage that does not set its own")
    batch_size: int = option(
        128, minimum=1, help="pictures a step, over all processes and accumulated parts together"
    )
    accumulate: int = option(
        1, minimum=1, help="parts that a batch is cut into to save memory; the result is the same"
    )
    learning_rate: float = option(1e-3, minimum=0.0, help="of AdamW, at its highest")
    schedule: str = option(
        "constant",
        choices=("constant", "cosine", "linear"),
        help="how the learning rate falls after the warm-up",
    )
    warmup_steps: int = option(0, minimum=0, help="steps over which the learning rate rises from 0")
    final_learning_rate: float = option(
        0.0, minimum=0.0, maximum=1.0, help="at the last step, relative to learning_rate"
    )
    betas: tuple[float, ...] = option(
        (0.9, 0.999), minimum=0.0, maximum=1.0, help="AdamW's decay rates of the two moments"
    )
    weight_decay: float = option(
        0.0, minimum=0.0, help="of matrices and kernels; vectors (biases, norms) never decay"
    )
    clip_norm: float = option(
        0.0, minimum=0.0, help="gradients are scaled down to this norm; 0: they are left alone"
    )
    ema_decay: float = option(
        0.999, minimum=0.0, maximum=1.0, help="of the weights' moving average; 0: none is kept"
    )
    precision: str = option(
        "fp32",
        choices=("fp32", "bf16"),
        help="bf16: mixed precision, weights stay fp32; fp32 uses TF32 where the device has it",
    )
    compile: bool = option(False, help="compile the losses with torch.compile")
    device: str = option("auto", help="auto, cpu, cuda, cuda:1, …")
    seed: int = seed_option("of weights, order of the pictures and noise")
    balance: float = option(
        0.0,
        minimum=0.0,
        maximum=1.0,
        help="1: every class comes equally often, however many pictures it has; between: shares "
        "grow as the class's size to the power 1 - balance; needs labels",
    )
    max_minutes: float | None = option(
        None, minimum=0.0, help="leave cleanly after this time; --resume goes on"
    )
    log_every: int = option(100, minimum=1, unit="steps", help="losses are read and logged")
    evaluate_every: int = option(
        1_000, minimum=0, unit="steps", help="the held-out pictures are evaluated; 0: at the end"
    )
    evaluate_pictures: int | None = option(
        None, minimum=1, help="at most so many held-out pictures; none: all"
    )
    decide_by: str | None = option(
        None,
        help="held-out figure whose lowest value makes the best model, as fid; none: the trainer's "
        "first",
    )
    watch_encoder: str | None = option(
        None,
        help="encoder in whose features samples are compared with held-out pictures at every "
        "evaluation: fid, kid, coverage and spread, and a warning of collapse",
    )
    watch_samples: int = option(1_000, minimum=16, help="samples to compare")
    sample_every: int = option(1_000, minimum=0, unit="steps", help="samples are drawn; 0: never")
    num_samples: int = option(64, minimum=1, help="pictures in a grid of samples")
    checkpoint_every: int = option(
        1_000, minimum=0, unit="steps", help="the run is saved; 0: at the end"
    )
    keep_checkpoints: int = option(2, minimum=1, help="how many checkpoints are kept")
    tensorboard: bool = option(True, help="write scalars and samples for TensorBoard")

    def check(self) -> None:
        """Check rules that span several settings."""
        if len(self.betas) != 2 or max(self.betas) >= 1:
            raise OptionError(f"option 'betas' takes two numbers below 1; got {self.betas}")
        if self.decide_by in ("fid", "kid") and self.watch_encoder is None:
            raise OptionError(
                f"option 'decide_by' names a figure that is measured; {self.decide_by!r} is where "
                "watch_encoder names an encoder: set it too"
            )
        if self.decide_by in ("coverage", "spread"):
            raise OptionError(
                f"option 'decide_by' takes a figure that is best where it is lowest; got "
                f"{self.decide_by!r}, of which a collapsed model has least: take fid or kid"
            )
        if self.batch_size % self.accumulate:
            raise OptionError(
                "option 'accumulate' must divide batch_size "
                f"{self.batch_size}; got {self.accumulate}"
            )

    @property
    def beta_pair(self) -> tuple[float, float]:
        """The two decay rates."""
        return self.betas[0], self.betas[1]


FREE_TO_CHANGE = frozenset(
    {
        "steps",
        "device",
        "compile",
        "max_minutes",
        "log_every",
        "evaluate_every",
        "evaluate_pictures",
        "sample_every",
        "num_samples",
        "checkpoint_every",
        "keep_checkpoints",
        "tensorboard",
    }
)
"""Settings that a resumed run may change: none of them alters a step, but for `steps` under a
schedule that looks to the end, which is told."""


@dataclass(frozen=True, kw_only=True)
class ConditionerConfig(Options):
    """How conditions reach the generator."""

    width: int = option(128, minimum=1, help="length of the vectors that the generator sees")
    dropout: float = option(
        0.1, minimum=0.0, maximum=1.0, help="how often each condition is left out in training"
    )
    join: str = option(
        "sum",
        choices=JOINS,
        help="several conditions at once: each counts as by itself (sum), or their mean does, for "
        "those that say the same in several ways",
    )
    num_examples: int = option(
        0,
        minimum=0,
        maximum=MOST_EXAMPLES,
        help="how many conditions of training rows the model keeps: where nothing is given, each "
        "picture answers one of them, so that every kind is drawn as often as the data have it; 0: "
        "the learned 'not given' embedding stands for nothing",
    )


@dataclass(frozen=True, kw_only=True)
class LabelTraining(Options):
    """How an encoder of texts or sounds learns alone, by `LabelTrainer`."""

    label_smoothing: float = option(
        0.1, minimum=0.0, maximum=0.9, help="share of the target that is spread over all classes"
    )
