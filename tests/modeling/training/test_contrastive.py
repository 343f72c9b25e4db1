import pytest
import torch

from llamoco.modeling.training.contrastive import contrastive_loss, distance, last_token_latents


def test_distance_is_eq_3() -> None:
    e1, e2 = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 3.0])
    assert distance(e1, 5 * e1).item() == pytest.approx(0.0)
    assert distance(e1, e2).item() == pytest.approx(0.5)
    assert distance(e1, -e1).item() == pytest.approx(1.0)
    a, b = torch.randn(7, 5, generator=torch.Generator().manual_seed(0)).double().split([3, 4])
    expected = 0.5 * (1 - (a[0] @ b[0]) / (a[0].norm() * b[0].norm()))
    assert distance(a[0], b[0]).item() == pytest.approx(expected.item(), abs=1e-12)


@pytest.mark.parametrize(
    ("positive", "negative", "margin", "expected"),
    [
        ([1.0, 0.0], [-1.0, 0.0], 0.5, 0.0),  # both where they should be
        ([0.0, 1.0], [-1.0, 0.0], 0.5, 0.5),  # positive orthogonal
        ([1.0, 0.0], [0.0, 1.0], 0.5, 0.0),  # negative exactly on the margin
        ([1.0, 0.0], [1.0, 0.0], 0.3, 0.3),  # negative on the anchor
        ([-1.0, 0.0], [1.0, 0.0], 0.3, 1.3),  # both as wrong as can be
    ],
)
def test_loss_is_eq_4(positive: list[float], negative: list[float], margin: float, expected: float) -> None:
    anchor = torch.tensor([[1.0, 0.0]])
    loss = contrastive_loss(anchor, torch.tensor([positive]), torch.tensor([negative]), margin)
    assert loss.item() == pytest.approx(expected, abs=1e-6)


def test_latents_are_those_of_the_last_real_token() -> None:
    hidden = torch.arange(24.0).reshape(2, 4, 3)
    mask = torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1]])
    assert torch.equal(last_token_latents(hidden, mask), torch.stack([hidden[0, 1], hidden[1, 3]]))
