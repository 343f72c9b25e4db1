"""Training problems that are held out to calibrate confidence."""

import hashlib

import pytest

from llamoco.dataset_builder.benchmark.labels import LabelTable
from llamoco.dataset_builder.optimizers.catalogue import GROUPS
from llamoco.dataset_builder.prompts.instruction_set import CALIBRATION_SHARE, is_for_calibration


def test_the_rule_is_a_hash_of_the_id_alone() -> None:
    for name in ("a", "nc-0-00017", "c-0-00017", ""):
        first = int(hashlib.sha256(f"held out {name}".encode()).hexdigest()[:8], 16) / 16**8
        assert is_for_calibration(name) is (first < 0.06)


@pytest.mark.parametrize("group", GROUPS)
def test_six_percent_of_the_training_problems_of_each_group_are_held_out(
    group: str, shipped: LabelTable
) -> None:
    ids = [x.problem.id for x in shipped.labels if x.group == group and x.split == "train"]
    share = sum(map(is_for_calibration, ids)) / len(ids)
    # Four standard deviations of a binomial share.
    assert (
        abs(share - CALIBRATION_SHARE) < 4 * (CALIBRATION_SHARE * (1 - CALIBRATION_SHARE) / len(ids)) ** 0.5
    )
