"""The mathematics, against a case whose answer is known."""

import torch
from mmgen_plugin_example.config import ExampleConfig, ExampleGeneration
from mmgen_plugin_example.network import Example

from mmgen.interfaces.noise import CounterNoise


def test_a_constant_velocity_leads_straight_to_the_picture_in_any_number_of_steps():
    model = Example(ExampleConfig(height=2, width=3)).eval()
    noise = CounterNoise(0, range(4)).normal((1, 2, 3))
    picture = torch.linspace(-1, 1, 24).view(4, 1, 2, 3)
    model.forward = lambda noisy, times, condition: noise - picture
    for steps in (1, 7):
        condition = model.encode_conditions({}, 4)
        drawn = model.sample(condition, CounterNoise(0, range(4)), ExampleGeneration(steps=steps))
        torch.testing.assert_close(drawn, (picture + 1) / 2)


def test_the_velocity_is_another_at_another_time():
    model = Example(ExampleConfig(height=2, width=3))
    noisy, condition = torch.zeros(2, 1, 2, 3), model.encode_conditions({}, 2)
    one, two = model(noisy, torch.tensor([0.2, 0.7]), condition)
    assert not torch.allclose(one, two)
