"""The archive of runs: labels come out of it again, and a benchmark goes on from it."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from llamoco.dataset_builder.benchmark import archive, race
from llamoco.dataset_builder.benchmark.archive import export_runs, import_runs, read_archive
from llamoco.dataset_builder.benchmark.benchmark import run_benchmark
from llamoco.dataset_builder.benchmark.label_table import write_labels
from llamoco.dataset_builder.benchmark.labels import derive_labels
from llamoco.dataset_builder.benchmark.store import FILE_NAME, RunStore, StoreError
from llamoco.dataset_builder.benchmark.trace import join_trace, pack_trace, split_trace


@pytest.fixture(scope="module")
def folder(tiny, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("archive")
    export_runs(tiny.out, tiny.seed, out)
    return out


def test_labels_derived_from_the_archive_are_the_same_to_the_byte(tiny, folder: Path, tmp_path: Path):
    held = read_archive(folder)
    assert tiny.labelled.labels
    labelled = derive_labels(held.problems, held.runs)
    assert labelled == tiny.labelled
    for name, what in (("benchmark", tiny.labelled), ("archive", labelled)):
        write_labels(tmp_path / f"{name}.parquet", what, {})
    assert (tmp_path / "benchmark.parquet").read_bytes() == (tmp_path / "archive.parquet").read_bytes()


def test_imported_store_is_the_same_and_needs_no_runs(tiny, folder: Path, tmp_path: Path, stored):
    assert import_runs(folder, tmp_path) == tiny.seed
    assert stored(tmp_path) == stored(tiny.out)
    seen: list = []
    with ThreadPoolExecutor(1) as executor:
        labelled = run_benchmark(tmp_path, tiny.problems, tiny.seed, executor, 1, tiny.repeats, seen.append)
    assert seen == [] and labelled == tiny.labelled


def test_a_benchmark_goes_on_from_the_archive_of_half_of_it(tiny, tmp_path: Path, stored):
    half = RunStore(tmp_path / "half", tiny.seed)
    whole = RunStore(tiny.out, tiny.seed)
    half.add_problems(whole.problems())
    for problem in whole.problems():
        half.add_runs(run for run in whole.runs(problem.id) if run.race == 0 and run.stage == race.SCREEN)
    half.close()
    whole.close()
    export_runs(tmp_path / "half", tiny.seed, tmp_path / "archive")
    import_runs(tmp_path / "archive", tmp_path / "elsewhere")
    with ThreadPoolExecutor(1) as executor:
        run_benchmark(tmp_path / "elsewhere", tiny.problems, tiny.seed, executor, 1, tiny.repeats)
    assert stored(tmp_path / "elsewhere") == stored(tiny.out)


def test_shards_are_cut_by_problem_and_replace_older_ones(tiny, folder: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(archive, "PROBLEMS_PER_SHARD", 1)
    export_runs(tiny.out, tiny.seed, tmp_path)
    shards = sorted(tmp_path.glob("runs-*.parquet"))
    assert [len(set(pq.read_table(shard)["problem_id"].to_pylist())) for shard in shards] == [1, 1]
    assert read_archive(tmp_path) == read_archive(folder)
    monkeypatch.setattr(archive, "PROBLEMS_PER_SHARD", 1500)
    export_runs(tiny.out, tiny.seed, tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"archive.json", "problems.parquet", "runs-00.parquet"}
    for name in names:  # the same runs, the same bytes
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_a_run_is_small(tiny, folder: Path):
    """6000 problems of about 32 runs: 25 MiB in all, so 130 bytes a run, the file's own overhead of 5 kB aside."""
    held = read_archive(folder)
    runs = sum(map(len, held.runs.values()))
    assert (folder / "runs-00.parquet").stat().st_size < 5000 + 130 * runs


def test_traces_survive_being_split():
    for trace in ([], [(3, 1.5)], [(1, 2.0), (70_000, 1.0)], [(n * n + 1, 1 / (n + 1)) for n in range(90)]):
        packed = pack_trace(trace)
        assert join_trace(*split_trace(packed)) == packed


def test_what_cannot_be_imported_is_refused_and_nothing_written(folder: Path, tmp_path: Path, tiny):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    before = (tiny.out / FILE_NAME).read_bytes()
    with pytest.raises(StoreError, match="holds a run store already"):
        import_runs(folder, tiny.out)
    assert (tiny.out / FILE_NAME).read_bytes() == before
    meta = json.loads((copy / "archive.json").read_text())
    for change, message in (
        ({"code": "0123"}, "another optimizer pool"),
        ({"format": 99}, "format 99"),
        ({"runs": meta["runs"] + 1}, "parts of the archive are missing"),
    ):
        (copy / "archive.json").write_text(json.dumps(meta | change))
        with pytest.raises(StoreError, match=message):
            import_runs(copy, tmp_path / "new")
    (copy / "archive.json").write_text("{}")
    with pytest.raises(StoreError, match="not an archive"):
        import_runs(copy, tmp_path / "new")
    with pytest.raises(StoreError, match="not an archive"):
        import_runs(tmp_path / "nowhere", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_labels_can_be_derived_from_runs_of_other_code(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(archive, "code_fingerprint", lambda: "other")
    assert read_archive(folder).problems
