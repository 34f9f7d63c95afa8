import pytest
import torch
from torch import nn

from mmgen.nn import DoublingConv


@pytest.mark.parametrize("kernel", [3, 4])
@pytest.mark.parametrize("out_width", [1, 3, 4, 5])
@pytest.mark.parametrize("size", [(7, 5), (1, 1)])
def test_it_computes_what_torch_does(kernel, out_width, size):
    torch.manual_seed(0)
    layer = DoublingConv(6, out_width, kernel=kernel)
    plain = nn.ConvTranspose2d(6, out_width, kernel, 2, padding=1, output_padding=4 - kernel)
    plain.load_state_dict(layer.state_dict())
    features = torch.randn(2, 6, *size)
    found = layer(features)
    assert found.shape == (2, out_width, 2 * size[0], 2 * size[1])
    torch.testing.assert_close(found, plain(features))


@pytest.mark.parametrize("kernel", [3, 4])
def test_slopes_of_the_first_and_of_the_second_order_are_right(kernel):
    torch.manual_seed(0)
    layer = DoublingConv(2, 1, kernel=kernel).double()
    features = torch.randn(1, 2, 3, 2, dtype=torch.float64, requires_grad=True)
    inputs = (features, layer.weight, layer.bias)
    called = torch.func.functional_call

    def compute(features, weight, bias):
        return called(layer, {"weight": weight, "bias": bias}, (features,))

    assert torch.autograd.gradcheck(compute, inputs)
    assert torch.autograd.gradgradcheck(compute, inputs)


@pytest.mark.parametrize("learns", ["features", "weights"])
def test_only_the_slopes_that_are_needed_are_found(learns):
    layer = DoublingConv(2, 1).requires_grad_(learns == "weights")
    features = torch.randn(1, 2, 3, 2, requires_grad=learns == "features")
    layer(features).sum().backward()
    assert (features.grad is not None) == (learns == "features")
    assert (layer.weight.grad is not None) == (layer.bias.grad is not None) == (learns == "weights")


def test_mixed_precision_computes_in_it_and_learns_in_float32():
    torch.manual_seed(0)
    layer = DoublingConv(8, 3)
    features = torch.randn(2, 8, 4, 4)
    with torch.autocast("cpu", torch.bfloat16):
        found = layer(features)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), layer(features), atol=0.02, rtol=0.02)
    found.float().square().sum().backward()
    assert layer.weight.grad.dtype == torch.float32


def test_another_kernel_is_refused():
    with pytest.raises(ValueError, match="kernel must be 3 or 4; got 5"):
        DoublingConv(2, 1, kernel=5)
