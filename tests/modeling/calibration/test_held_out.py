"""The problems that training leaves out for the calibration."""

import hashlib

import pytest

from llamoco.dataset_builder.benchmark.labels import SHIPPED_LABELS, read_labels
from llamoco.dataset_builder.optimizers.catalogue import GROUPS
from llamoco.modeling.calibration.held_out import HELD_OUT_SHARE, held_out


def test_the_rule_is_a_hash_of_the_id_alone() -> None:
    for name in ("a", "nc-0-00017", "c-0-00017", ""):
        first = int(hashlib.sha256(f"held out {name}".encode()).hexdigest()[:8], 16) / 16**8
        assert held_out(name) is (first < 0.06)


@pytest.mark.parametrize("group", GROUPS)
def test_six_percent_of_the_training_problems_of_each_group_are_held_out(group: str) -> None:
    ids = [
        x.problem.id for x in read_labels(SHIPPED_LABELS).labels if x.group == group and x.split == "train"
    ]
    share = sum(map(held_out, ids)) / len(ids)
    # Four standard deviations of a binomial share.
    assert abs(share - HELD_OUT_SHARE) < 4 * (HELD_OUT_SHARE * (1 - HELD_OUT_SHARE) / len(ids)) ** 0.5
