"""Keying on made-up studies whose truth is known."""

import dataclasses
import json
from importlib import resources
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from llamoco import dataset_builder
from llamoco.dataset_builder import optimizers
from llamoco.dataset_builder.analysis.configuration_trees import (
    derive_configurations,
    fit_tree,
    grid_of,
    leaves,
)
from llamoco.dataset_builder.analysis.grid import read_grid
from llamoco.dataset_builder.optimizers.configuration import (
    FILE_NAME,
    config_json,
    configuration_for,
    features_of,
    leaf_configuration,
)
from llamoco.dataset_builder.optimizers.pool import POOL, configurations

CONFIGS = [config_json(config) for config in configurations("de", max_n=1000)]
COLUMNS = ("problem_id", "group", "dim", "max_evals", "optimizer", "config", "aocc")


def study(score, problems=120, seed=0) -> pa.Table:
    """A table with AOCC = score(column of the configuration, dim, max_evals) + noise."""
    rng = np.random.default_rng(seed)
    rows = []
    for n in range(problems):
        dim, max_evals = int(rng.integers(2, 51)), int(100 * 50 ** rng.random())
        hard = rng.normal(0.4, 0.2)
        for column, config in enumerate(CONFIGS):
            aocc = hard + score(column, dim, max_evals) + rng.normal(0, 0.03)
            rows.append((f"p{n}", "unconstrained", dim, max_evals, "de", config, aocc))
    return pa.Table.from_pylist([dict(zip(COLUMNS, row, strict=True)) for row in rows])


def test_noise_alone_keeps_the_defaults():
    for seed in range(5):
        table = study(lambda column, dim, max_evals: 0.0, seed=seed)
        tree, gain = fit_tree(table, "de", "unconstrained")
        assert tree == {"config": POOL["de"].defaults}
        assert gain is not None and gain.chosen == "defaults" and gain.best > gain.defaults + 0.03


def test_one_configuration_that_is_better_everywhere_is_found():
    tree, gain = fit_tree(study(lambda column, dim, max_evals: 0.05 * (column == 5)), "de", "unconstrained")
    assert tree == {"config": json.loads(CONFIGS[5])} and gain is not None
    assert gain.single - gain.defaults == pytest.approx(0.05, abs=0.02)


def test_what_depends_on_the_prompt_becomes_a_tree():
    def score(column: int, dim: int, max_evals: int) -> float:
        if dim > 10:
            return 0.1 * (column == 3)
        return 0.1 * (column == (7 if max_evals / dim <= 100 else 9))

    tree, gain = fit_tree(study(score, problems=300), "de", "unconstrained")
    assert gain is not None and gain.chosen == "tree" and 3 <= gain.configurations <= 4
    assert leaf_configuration(tree, features_of(40, 1000)) == json.loads(CONFIGS[3])
    assert leaf_configuration(tree, features_of(5, 200)) == json.loads(CONFIGS[7])
    assert leaf_configuration(tree, features_of(5, 4000)) == json.loads(CONFIGS[9])


def test_without_data_all_is_as_by_default():
    text, gains = derive_configurations(study(lambda *_: 0.0, problems=3))
    trees = json.loads(text)["optimizers"]
    assert gains == [] and trees.keys() == POOL.keys()
    for name, groups in trees.items():
        assert all(tree == {"config": POOL[name].defaults} for tree in groups.values())
        assert ("constrained" in groups) == POOL[name].handles(True)


def test_unfinished_problems_are_left_out():
    table = study(lambda *_: 0.0, problems=3)
    assert grid_of(table, "de", "unconstrained").aocc.shape == (3, len(CONFIGS))
    assert grid_of(table.slice(5), "de", "unconstrained").ids.tolist() == ["p1", "p2"]
    assert grid_of(table, "de", "constrained").aocc.shape == (0, len(CONFIGS))


def test_shipped_configurations_are_of_the_grids():
    from llamoco.dataset_builder.optimizers.configuration import configurations as shipped

    for name, groups in shipped().items():
        grid = [config_json(config) for config in configurations(name, max_n=10_000)]
        for group, tree in groups.items():
            assert POOL[name].handles(group == "constrained")
            assert len({config_json(config) for config in leaves(tree)}) <= 4
            assert all(config_json(config) in grid for config in leaves(tree))


@pytest.mark.slow
def test_shipped_configurations_follow_from_the_shipped_study():
    """Their text, and the gains in the record beside the study."""
    grid = Path(dataset_builder.__file__).parent / "labels" / "grid.parquet"
    text, gains = derive_configurations(read_grid(grid))
    assert text == resources.files(optimizers).joinpath(FILE_NAME).read_text(encoding="utf-8")
    record = json.loads(grid.with_suffix(".json").read_text(encoding="utf-8"))
    assert record["keys"] == [dataclasses.asdict(gain) for gain in gains]


def test_every_optimizer_gets_a_configuration_it_has():
    for name, optimizer in POOL.items():
        for dim, max_evals in ((2, 100), (10, 1000), (50, 5000)):
            for constrained in (False, True):
                assert configuration_for(name, dim, max_evals, constrained).keys() == optimizer.grid.keys()
    with pytest.raises(ValueError, match="unknown optimizer 'nosuch'"):
        configuration_for("nosuch", 2, 100, False)
