"""Noise: the same numbers for ever, whatever the batch, and of the right distribution."""

import hashlib

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmgen.interfaces import CounterNoise, TrainingNoise

# The first numbers of some streams. A change of any of them changes every picture ever made.
NORMAL = [
    # seed, index, stream, step, shape, first four values
    (
        0,
        0,
        "",
        0,
        (4,),
        [-0.017817456275224686, -0.6874016523361206, -0.17327426373958588, -0.7151739001274109],
    ),
    (
        0,
        1,
        "",
        0,
        (4,),
        [-1.070819616317749, 0.755032479763031, 0.05480867624282837, -0.3781812787055969],
    ),
    (
        1,
        0,
        "",
        0,
        (4,),
        [2.084540367126465, -0.6181656718254089, 1.7823680639266968, -0.03891822695732117],
    ),
    (
        0,
        0,
        "latent",
        0,
        (4,),
        [0.5774813890457153, -0.7041815519332886, -0.1793220043182373, -0.2190832793712616],
    ),
    (
        0,
        0,
        "",
        1,
        (4,),
        [0.2162332534790039, -0.5424481630325317, -0.05025717243552208, -1.6440255641937256],
    ),
    (
        9223372036854775807,
        1000000000000,
        "latent",
        999,
        (2, 3, 5),
        [-0.8394892811775208, -0.8520287871360779, 0.434735506772995, -0.6084256172180176],
    ),
    (
        42,
        7,
        "pixels",
        3,
        (3, 8, 8),
        [-0.5753771066665649, 1.1597481966018677, 0.05186626687645912, 0.293891578912735],
    ),
]
UNIFORM = [
    (
        0,
        0,
        "",
        0,
        (4,),
        [0.49289223551750183, 0.24591483175754547, 0.4312179386615753, 0.23725078999996185],
    ),
    (
        0,
        1,
        "",
        0,
        (4,),
        [0.14212527871131897, 0.7748852372169495, 0.5218545794487, 0.35264796018600464],
    ),
    (
        1,
        0,
        "",
        0,
        (4,),
        [0.9814444780349731, 0.268233060836792, 0.9626553654670715, 0.48447778820991516],
    ),
    (
        0,
        0,
        "latent",
        0,
        (4,),
        [0.7181928753852844, 0.24065984785556793, 0.4288424253463745, 0.4132925868034363],
    ),
    (
        0,
        0,
        "",
        1,
        (4,),
        [0.585597038269043, 0.293754905462265, 0.479958713054657, 0.05008545517921448],
    ),
    (
        9223372036854775807,
        1000000000000,
        "latent",
        999,
        (2, 3, 5),
        [0.20059740543365479, 0.19709904491901398, 0.6681227684020996, 0.2714526057243347],
    ),
    (
        42,
        7,
        "pixels",
        3,
        (3, 8, 8),
        [0.2825181484222412, 0.8769243359565735, 0.5206823945045471, 0.6155796051025391],
    ),
]


@pytest.mark.parametrize(("seed", "index", "stream", "step", "shape", "values"), NORMAL)
def test_normal_numbers_are_those_they_always_were(
    seed: int, index: int, stream: str, step: int, shape: tuple[int, ...], values: list[float]
) -> None:
    found = CounterNoise(seed, [index]).normal(shape, stream=stream, step=step)
    assert found.shape == (1, *shape)
    # One unit in the last place is left to the mathematics library.
    torch.testing.assert_close(found.flatten()[:4], torch.tensor(values), rtol=2e-7, atol=0)


@pytest.mark.parametrize(("seed", "index", "stream", "step", "shape", "values"), UNIFORM)
def test_uniform_numbers_are_bit_for_bit_those_they_always_were(
    seed: int, index: int, stream: str, step: int, shape: tuple[int, ...], values: list[float]
) -> None:
    found = CounterNoise(seed, [index]).uniform(shape, stream=stream, step=step)
    assert found.flatten()[:4].tolist() == values


def test_many_uniform_numbers_have_the_hash_they_always_had() -> None:
    numbers = CounterNoise(123, range(100)).uniform((3, 17), stream="golden", step=9)
    assert (
        hashlib.sha256(numbers.numpy().tobytes()).hexdigest()
        == "831390f95789a62606dbf4a3f41dcf765564359cd8385e7627074ea236ea0a64"
    )


def philox_block(counter: list[int], key: list[int]) -> list[int]:
    """Return the four 64-bit words of Philox4x64-10 (Salmon et al. 2011, figure 2), by the book."""
    top = 2**64
    for turn in range(10):
        keys = [
            (key[0] + turn * 0x9E3779B97F4A7C15) % top,
            (key[1] + turn * 0xBB67AE8584CAA73B) % top,
        ]
        first, second = 0xD2E7470EE14C6C93 * counter[0], 0xCA5A826395121157 * counter[2]
        counter = [
            (second // top) ^ counter[1] ^ keys[0],
            second % top,
            (first // top) ^ counter[3] ^ keys[1],
            first % top,
        ]
    return counter


@pytest.mark.parametrize(("seed", "index", "step"), [(0, 0, 0), (42, 7, 3), (2**63 - 1, 10**9, 1)])
def test_the_bits_are_those_of_philox(seed: int, index: int, step: int) -> None:
    key = [seed, int.from_bytes(hashlib.blake2b(b"z", digest_size=8).digest(), "little")]
    words = [
        word
        for block in range(2)  # numpy counts up before it draws
        for word in philox_block([2 * index + block + 1, 0, step, 0], key)
    ]
    expected = torch.tensor([((word >> 12) + 0.5) * 2.0**-52 for word in words]).float()
    assert torch.equal(
        CounterNoise(seed, [index]).uniform((8,), stream="z", step=step)[0], expected
    )


@given(
    indices=st.lists(st.integers(0, 2**40), min_size=1, max_size=6),
    seed=st.integers(0, 2**63 - 1),
    step=st.integers(0, 2**30),
    shape=st.lists(st.integers(0, 5), max_size=3),
)
def test_a_row_does_not_depend_on_its_batch(
    indices: list[int], seed: int, step: int, shape: list[int]
) -> None:
    together = CounterNoise(seed, indices).normal(shape, stream="z", step=step)
    assert together.shape == (len(indices), *shape)
    for row, index in enumerate(indices):
        alone = CounterNoise(seed, [index]).normal(shape, stream="z", step=step)
        assert torch.equal(together[row], alone[0])


@pytest.mark.parametrize(
    "other",
    [
        CounterNoise(1, range(4)).normal((50,), stream="z", step=0),
        CounterNoise(0, range(4, 8)).normal((50,), stream="z", step=0),
        CounterNoise(0, range(4)).normal((50,), stream="x", step=0),
        CounterNoise(0, range(4)).normal((50,), stream="z", step=1),
    ],
    ids=["seed", "index", "stream", "step"],
)
def test_seed_index_stream_and_step_all_count(other: torch.Tensor) -> None:
    base = CounterNoise(0, range(4)).normal((50,), stream="z", step=0)
    both = torch.stack([base.flatten(), other.flatten()]).double()
    assert abs(float(torch.corrcoef(both)[0, 1])) < 0.2
    assert not torch.isin(base, other).any()


def test_normal_numbers_have_the_moments_of_a_normal_distribution() -> None:
    numbers = CounterNoise(7, range(500)).normal((400,)).double().flatten()
    assert abs(numbers.mean()) < 0.01
    assert abs(numbers.std() - 1) < 0.01
    assert abs((numbers**3).mean()) < 0.03
    assert abs((numbers**4).mean() - 3) < 0.08
    assert 4 < numbers.abs().max() < 7
    quantiles = torch.quantile(numbers[:100_000], torch.tensor([0.025, 0.5, 0.975]).double())
    torch.testing.assert_close(
        quantiles, torch.tensor([-1.96, 0.0, 1.96]).double(), atol=0.03, rtol=0
    )


@pytest.mark.parametrize("noise", [CounterNoise(7, range(500)), TrainingNoise(500)])
def test_uniform_numbers_fill_the_open_interval_evenly(noise: CounterNoise | TrainingNoise) -> None:
    numbers = noise.uniform((400,)).flatten()
    assert numbers.dtype == torch.float32
    assert numbers.min() > 0
    assert numbers.max() < 1
    counts = torch.histc(numbers, bins=20, min=0, max=1)
    assert (counts / len(numbers) - 0.05).abs().max() < 0.003


def test_neighbouring_pictures_are_not_correlated() -> None:
    numbers = CounterNoise(3, range(64)).normal((2000,)).double()
    correlations = torch.corrcoef(numbers) - torch.eye(64)
    assert correlations.abs().max() < 0.12


def test_normal_numbers_may_come_in_the_models_type() -> None:
    half = CounterNoise(0, range(2), dtype=torch.bfloat16)
    assert half.normal((3,)).dtype == torch.bfloat16
    assert torch.equal(half.normal((3,)), CounterNoise(0, range(2)).normal((3,)).bfloat16())
    assert half.uniform((3,)).dtype == torch.float32


def test_the_global_generator_plays_no_part() -> None:
    torch.manual_seed(0)
    before = CounterNoise(0, [0]).normal((4,))
    state = torch.get_rng_state()
    torch.manual_seed(1)
    assert torch.equal(before, CounterNoise(0, [0]).normal((4,)))
    torch.manual_seed(0)
    assert torch.equal(state, torch.get_rng_state())


def test_training_noise_follows_torchs_generator() -> None:
    torch.manual_seed(5)
    first = TrainingNoise(3).normal((2, 2), stream="a")
    second = TrainingNoise(3).normal((2, 2), stream="a")
    assert first.shape == (3, 2, 2)
    assert not torch.equal(first, second)
    torch.manual_seed(5)
    assert torch.equal(first, TrainingNoise(3).normal((2, 2), stream="b", step=9))
