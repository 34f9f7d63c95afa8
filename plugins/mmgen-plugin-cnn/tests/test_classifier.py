"""Features, embeddings and classes of pictures."""

import pytest
import torch
from mmgen_plugin_cnn.config import ClassifierTraining, CnnConfig, ResNetConfig
from mmgen_plugin_cnn.resnet import ResNet
from mmgen_plugin_cnn.stack import Cnn
from mmgen_plugin_cnn.trainer import ClassifierTrainer

from mmgen.errors import InputError, OptionError, UnsupportedOperationError
from mmgen.testing import perturb

BASE = {"classes": ("a", "b", "c"), "channels": 1, "height": 12, "width": 10, "widths": (4, 6, 8)}
NETWORKS = {"cnn": (Cnn, CnnConfig), "resnet": (ResNet, ResNetConfig)}


@pytest.fixture(params=sorted(NETWORKS))
def build(request):
    """Makes a tiny classifier of every architecture in turn, in eval mode."""
    network, config = NETWORKS[request.param]

    def make(**changes):
        torch.manual_seed(0)
        model = network(config(**{**BASE, **changes}))
        perturb(model)
        return model.eval()

    return make


def pictures(rows=5, channels=1, height=12, width=10):
    return torch.rand(rows, channels, height, width, generator=torch.Generator().manual_seed(1))


def test_every_size_is_half_the_one_before(build):
    features = build().encode(pictures(), layers=("size1", "size2", "size3", "pooled", "logits"))
    shapes = [tuple(values.shape) for values in features.values()]
    assert shapes == [(5, 4, 12, 10), (5, 6, 6, 5), (5, 8, 3, 3), (5, 8), (5, 3)]


def test_the_embedding_is_the_last_map_and_its_mean(build):
    model, images = build(), pictures()
    with torch.no_grad():
        embedding = model(**model.prepare(images))
    features = model.encode(images, layers=("size3", "pooled"))
    assert torch.allclose(embedding.tokens, features["size3"].flatten(2).transpose(1, 2), atol=1e-5)
    assert torch.allclose(embedding.pooled, embedding.tokens.mean(dim=1), atol=1e-5)
    assert torch.allclose(embedding.pooled, features["pooled"], atol=1e-5)


def test_probabilities_are_those_of_the_logits(build):
    model, images = build(), pictures()
    said = model.classify(images)
    logits = model.encode(images, layers=("logits",))["logits"]
    assert torch.allclose(said.probabilities, logits.softmax(dim=1))
    assert said.names == [model.classes[label] for label in said.labels]


def test_mirrored_is_the_mean_over_both_sides(build):
    one, both = build(), build(mirrored=True)
    images = pictures()
    sides = [one.classify(side).probabilities for side in (images, images.flip(-1))]
    assert not torch.allclose(*sides, atol=1e-4)
    expected = (sides[0] + sides[1]) / 2
    torch.testing.assert_close(both.classify(images).probabilities, expected)
    torch.testing.assert_close(both.classify([*images]).probabilities, expected)
    assert torch.equal(both.encode(images)["pooled"], one.encode(images)["pooled"])


def test_many_pictures_are_as_good_as_few(build):
    model, images = build(), pictures(300)
    whole = model.classify(images).probabilities
    assert torch.allclose(whole[260:270], model.classify(images[260:270]).probabilities, atol=1e-5)


def test_pictures_of_any_size_and_channels_can_be_classified(build):
    model = build()
    sizes = [(1, 12, 10), (3, 50, 20), (4, 7, 90)]
    mixed = [pictures(1, *size)[0] for size in sizes]
    said = model.classify(mixed).probabilities
    assert said.shape == (3, 3)
    assert torch.allclose(said[:1], model.classify(mixed[:1]).probabilities, atol=1e-5)


def test_a_network_for_colour_takes_grey(build):
    model, grey = build(channels=3), pictures()
    colour = grey.expand(-1, 3, -1, -1)
    assert torch.equal(model.classify(grey).probabilities, model.classify(colour).probabilities)


def test_an_unknown_layer_is_refused_with_those_there_are(build):
    with pytest.raises(InputError, match=r"unknown layer 'size9'.*size1, size2, size3, pooled"):
        build().encode(pictures(), layers=("size9",))


@pytest.mark.parametrize("classes", [("a",), ("a", "a")])
def test_classes_are_two_or_more_and_different(build, classes):
    with pytest.raises(OptionError, match="classes needs two names or more"):
        build(classes=classes)


@pytest.mark.parametrize(("stride", "side"), [(1, 32), (2, 16), (4, 8)])
def test_the_stem_shrinks_large_pictures_first(stride, side):
    model = ResNet(ResNetConfig(**{**BASE, "height": 32, "width": 32, "stem_stride": stride}))
    features = model.eval().encode(pictures(1, 1, 32, 32), layers=("size1",))
    assert features["size1"].shape[2:] == (side, side)


def test_half_precision_gives_nearly_the_same(build):
    model, images = build(), pictures()
    exact = model.classify(images).probabilities
    assert torch.allclose(model.bfloat16().classify(images).probabilities, exact, atol=0.03)


def test_without_classes_there_are_features_alone(build):
    model = build(classes=())
    assert model.head is None
    assert model.layers == ("size1", "size2", "size3", "pooled")
    assert model.encode(pictures())["pooled"].shape == (5, 8)
    for refused in (
        lambda: model.classify(pictures()),
        lambda: ClassifierTrainer(model, ClassifierTraining()),
    ):
        with pytest.raises(UnsupportedOperationError, match="needs the names of its classes"):
            refused()


def test_half_precision_embeds_what_prepare_gives(build):
    model = build()
    full = model(**model.prepare(pictures())).pooled
    half = model.bfloat16()
    found = half(**half.prepare(pictures())).pooled
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), full, atol=0.1, rtol=0.1)
