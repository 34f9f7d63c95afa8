import pytest
import torch

from mmgen.nn import AttentionPooling, masked_mean


def test_the_mean_is_of_what_the_mask_shows() -> None:
    tokens = torch.tensor([[[1.0, 2.0], [3.0, 6.0], [100.0, 100.0]], [[5.0, 5.0]] * 3])
    mask = torch.tensor([[True, True, False], [False, False, False]])
    assert masked_mean(tokens, mask).tolist() == [[2, 4], [0, 0]]


@pytest.mark.parametrize("count", [1, 3])
def test_attention_weighs_what_the_mask_shows_alone(count: int) -> None:
    torch.manual_seed(0)
    pool = AttentionPooling(4)
    tokens = torch.randn(2, 5, 4)
    mask = torch.arange(5)[None].expand(2, -1) < count
    pooled = pool(tokens, mask)
    assert torch.allclose(pooled, pool(tokens[:, :count], mask[:, :count]), atol=1e-6)
    shown = tokens[:, :count]
    assert (pooled >= shown.amin(dim=1) - 1e-6).all()
    assert (pooled <= shown.amax(dim=1) + 1e-6).all()


def test_attention_learns_which_token_counts() -> None:
    torch.manual_seed(0)
    pool = AttentionPooling(3)
    tokens = torch.randn(64, 6, 3)
    tokens[:, :, 0] = 0
    places = torch.randint(6, (64,))
    tokens[torch.arange(64), places, 0] = 3  # a mark on the token that is asked for
    wanted = tokens[torch.arange(64), places]
    optimizer = torch.optim.Adam(pool.parameters(), 0.05)
    for _ in range(150):
        loss = (pool(tokens, torch.ones(64, 6, dtype=torch.bool)) - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05  # their plain mean is 1.2 away
