"""Freed memory is kept for the next step, unless the user has set malloc up otherwise."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, torch
from mmgen.interfaces.heap import keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        several = [torch.ones(2_000_000) for _ in range(8)]
        del several
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

if __name__ == "__main__":
    kept = keep_freed_memory()
    faults()  # the heap grows once
    print(kept, faults())
"""

gnu = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="GNU libc only")


def run(**environment: str) -> tuple[bool, int]:
    done = subprocess.run(
        [sys.executable, "-c", FAULTS], env=environment, capture_output=True, text=True, check=True
    )
    kept, count = done.stdout.split()
    return kept == "True", int(count)


@gnu
def test_freed_memory_is_used_again_without_asking_the_system() -> None:
    kept, count = run()
    assert kept
    assert count < 1000  # 10 × 64 MB are 160,000 pages


@gnu
@pytest.mark.parametrize(
    "setting", [{"MALLOC_ARENA_MAX": "2"}, {"GLIBC_TUNABLES": "glibc.malloc.check=0"}]
)
def test_what_the_user_has_set_up_is_left_alone(setting: dict[str, str]) -> None:
    kept, _ = run(**setting)
    assert not kept
