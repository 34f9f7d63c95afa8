"""A step of a latent diffusion transformer, and the time to the first picture, against diffusers.

    OMP_NUM_THREADS=1 python benchmarks/diffusion_against_diffusers.py --clock cpu

Both sides have transformers of one width, depth, heads and patch that look at a prompt's tokens,
both draw by Euler's method on a rectified flow, with classifier-free guidance in one batch, in one
type. diffusers' is its `PixArtTransformer2DModel` with its `FlowMatchEulerDiscreteScheduler`, in
the loop of its own pipelines; its text encoder is left out, which is in its favour. All weights are
random. Numbers of parameters are printed: mmgen's blocks each have a modulation of their own, which
diffusers' share.

The second table is of whole processes: one that loads a saved model from a folder and writes one
picture, for each side, over one that imports torch alone. diffusers decodes with an `AutoencoderKL`
of about as many parameters, and has no prompt to read.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from mmgen_plugin_diffusion.config import LatentDiffusionConfig
from mmgen_plugin_diffusion.guidance import plan_branches
from mmgen_plugin_diffusion.latent import LatentDiffusion
from mmgen_plugin_diffusion.predictor import Predictor
from mmgen_plugin_diffusion.samplers import euler
from mmgen_plugin_diffusion.times import sampling_times

import peers
from measuring import interleave, median_ratio, print_table, verdict
from mmgen.interfaces import Conditioner
from mmgen.pretrained import build_encoder

STEP_BAR, FIRST_BAR = 1.0, 2.5
PACKAGES = (
    "diffusers==0.42.1", "requests", "regex", "charset_normalizer", "urllib3", "idna", "certifi",
    "importlib_metadata", "zipp",
)  # fmt: skip
PROMPT = "a woman with red hair: medium-dark skin tone"
SIDE, CHANNELS, WIDTH, DEPTH, HEADS, PATCH, TOLD = 16, 8, 192, 6, 4, 2, 128

PEER_SCRIPT = """
import sys, torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, PixArtTransformer2DModel
from PIL import Image
folder, steps = sys.argv[1], int(sys.argv[2])
transformer = PixArtTransformer2DModel.from_pretrained(folder + "/transformer")
decoder = AutoencoderKL.from_pretrained(folder + "/vae")
scheduler = FlowMatchEulerDiscreteScheduler()
scheduler.set_timesteps(steps)
torch.manual_seed(0)
latents, words = torch.randn(1, 8, 16, 16), torch.randn(2, 16, 128)
with torch.inference_mode():
    for moment in scheduler.timesteps:
        both = transformer(torch.cat([latents] * 2), encoder_hidden_states=words,
                           timestep=moment.expand(2), return_dict=False)[0]
        free, told = both.chunk(2)
        latents = scheduler.step(free + 3 * (told - free), moment, latents, return_dict=False)[0]
    image = decoder.decode(latents, return_dict=False)[0][0].clamp(-1, 1)
pixels = image.add(1).mul(127.5).round().to(torch.uint8)
Image.fromarray(pixels.permute(1, 2, 0).numpy()).save("x.png")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--pictures", type=int, nargs="*", default=[1, 16])
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    parser.add_argument("--peers", type=Path, default=Path("runs/peers"))
    parser.add_argument("--skip-processes", action="store_true")
    arguments = parser.parse_args()
    place = arguments.peers / "diffusers"
    place.mkdir(parents=True, exist_ok=True)
    peers.beside(place, packages=PACKAGES)

    now = time.thread_time if arguments.clock == "cpu" else time.perf_counter
    ours, theirs = new_model(arguments), new_peer(arguments)
    print(f"parameters: {count(ours.denoiser):,} of mmgen, {count(theirs):,} of diffusers")
    rows = []
    for pictures in arguments.pictures:
        tasks = {
            "mmgen": timed(lambda n=pictures: draw(ours, n, arguments), arguments, now),
            "diffusers": timed(lambda n=pictures: draw_peer(theirs, n, arguments), arguments, now),
        }
        times = interleave(tasks, repeats=arguments.repeats)
        ratio = median_ratio(times["diffusers"], times["mmgen"])
        per_step = [1000 * min(times[name]) / arguments.steps for name in tasks]
        rows.append([str(pictures), *(f"{ms:.2f}" for ms in per_step), f"{ratio:.2f}",
                     verdict(ratio, STEP_BAR, at_most=False)])  # fmt: skip
    print_table(["pictures", "mmgen ms a step", "diffusers ms a step", "ratio", "bar"], rows)
    if not arguments.skip_processes:
        compare_processes(ours, theirs, place, arguments)


def new_model(arguments: argparse.Namespace) -> LatentDiffusion:
    torch.manual_seed(0)
    encoder = build_encoder("text-transformer", {"width": 128, "depth": 2}, [PROMPT])
    config = LatentDiffusionConfig(
        latent_channels=CHANNELS, hidden=WIDTH, depth=DEPTH, heads=HEADS, patch=PATCH
    )
    conditioner = Conditioner({"text": encoder}, width=TOLD)
    model = LatentDiffusion(config, conditioner=conditioner)
    return model.to(arguments.device, getattr(torch, arguments.dtype)).eval()


def new_peer(arguments: argparse.Namespace) -> Any:
    from diffusers import PixArtTransformer2DModel

    torch.manual_seed(0)
    model = PixArtTransformer2DModel(
        num_attention_heads=HEADS,
        attention_head_dim=WIDTH // HEADS,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        num_layers=DEPTH,
        cross_attention_dim=WIDTH,
        caption_channels=TOLD,
        sample_size=SIDE,
        patch_size=PATCH,
        use_additional_conditions=False,
    )
    return model.to(arguments.device, getattr(torch, arguments.dtype)).eval()


def count(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def timed(
    draw_once: Callable[[], object], arguments: argparse.Namespace, now: Callable[[], float]
) -> Callable[[], float]:
    """A task that draws and returns the seconds it took."""

    def run() -> float:
        start = now()
        draw_once()
        if arguments.device != "cpu":
            torch.accelerator.synchronize()
        return now() - start

    return run


@torch.inference_mode()
def draw(model: LatentDiffusion, pictures: int, arguments: argparse.Namespace) -> torch.Tensor:
    """Return latents; what the prompt stands for is found in it, once."""
    condition = model.semantic_condition({"text": PROMPT}, pictures)
    branches = plan_branches({"text": 3.0}, condition.slot_names)
    times = sampling_times(arguments.steps, start=1.0, shift=1.0)
    predict = Predictor(model, condition, branches, None, times=times[:-1])
    noisy = torch.randn(pictures, CHANNELS, SIDE, SIDE, device=arguments.device)
    return euler(predict, noisy, times, "flow")


@torch.inference_mode()
def draw_peer(model: Any, pictures: int, arguments: argparse.Namespace) -> torch.Tensor:
    """Return latents, in the loop of diffusers' own pipelines."""
    from diffusers import FlowMatchEulerDiscreteScheduler

    dtype = getattr(torch, arguments.dtype)
    scheduler = FlowMatchEulerDiscreteScheduler()
    scheduler.set_timesteps(arguments.steps, device=arguments.device)
    words = torch.randn(2 * pictures, 16, TOLD, device=arguments.device, dtype=dtype)
    latents = torch.randn(pictures, CHANNELS, SIDE, SIDE, device=arguments.device, dtype=dtype)
    for moment in scheduler.timesteps:
        both = model(
            torch.cat([latents] * 2),
            encoder_hidden_states=words,
            timestep=moment.expand(2 * pictures),
            return_dict=False,
        )[0]
        free, told = both.chunk(2)
        guided = free + 3 * (told - free)
        latents = scheduler.step(guided, moment, latents, return_dict=False)[0]
    return latents


def compare_processes(
    ours: LatentDiffusion, theirs: Any, place: Path, arguments: argparse.Namespace
) -> None:
    """Time whole processes that load a model and write one picture."""
    from diffusers import AutoencoderKL

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours.float().cpu().save(folder / "ours")
        theirs.float().cpu().save_pretrained(folder / "theirs" / "transformer")
        decoder = AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 3,
            up_block_types=("UpDecoderBlock2D",) * 3,
            block_out_channels=(32, 64, 96),
            layers_per_block=1,
            latent_channels=CHANNELS,
            norm_num_groups=8,
        )
        decoder.save_pretrained(folder / "theirs" / "vae")
        (folder / "draw.py").write_text(PEER_SCRIPT)
        mmgen = str(Path(sys.executable).with_name("mmgen"))
        steps = str(arguments.steps)
        commands = {
            "import torch": [sys.executable, "-c", "import torch"],
            "mmgen": [mmgen, "run", "./ours", "--text", PROMPT, "-n", "1", "-o", "o.png",
                      "--force", "--set", f"steps={steps}", "--set", "sampler=euler"],
            "diffusers": [sys.executable, "draw.py", str(folder / "theirs"), steps],
        }  # fmt: skip
        tasks = {side: process(command, folder, place, arguments.clock)
                 for side, command in commands.items()}  # fmt: skip
        times = interleave(tasks, repeats=arguments.repeats)
    ratio = median_ratio(times["diffusers"], times["mmgen"])
    rows = [[side, f"{min(found):.2f}"] for side, found in times.items()]
    print_table(["whole process", "seconds"], rows)
    print(f"diffusers over mmgen: {ratio:.2f}, {verdict(ratio, FIRST_BAR, at_most=False)}")


def process(command: list[str], folder: Path, place: Path, clock: str) -> Callable[[], float]:
    """A task that runs a command and returns its seconds: on the wall, or of the processor."""
    import os
    import resource

    environment = {**os.environ, "PYTHONPATH": str(place.resolve()), "HF_HUB_OFFLINE": "1"}

    def run() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        wall = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return used if clock == "cpu" else wall

    return run


if __name__ == "__main__":
    main()
