"""`llamoco push` against a Hub on loopback: what is refused, what fails on the way, what a second push does."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import constants
from safetensors.numpy import save_file
from stub_hub import READER, TOKEN, StubHub, stub_hub
from typer.testing import CliRunner, Result

from llamoco.cli.main import app
from llamoco.dataset_builder.hub_folder import folder_hash
from llamoco.hub_cards.artefacts import artefact
from llamoco.modeling.generation.model_files import SHIPPED_MODEL

ROOT = Path(__file__).parents[2]
MODEL_CARD = """\
---
license: apache-2.0
library_name: transformers
pipeline_tag: text-generation
tags: [code]
---
# Mine
"""
DATASET_CARD = """\
---
license: apache-2.0
task_categories: [text-generation]
tags: [code]
configs: [{{config_name: default, data_files: [{{split: train, path: default/train-*.parquet}}]}}]
dataset_info: [{{config_name: default, splits: [{{name: train, num_examples: 3}}]}}]
---
SHA-256: `{}`
"""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StubHub]:
    """A Hub that this process talks to, with a token that may write."""
    with stub_hub() as state:
        monkeypatch.setattr(constants, "ENDPOINT", state.url)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # its storage has a protocol of its own
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield state


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """What a finished training leaves, as far as a push looks at it."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in ("config", "generation_config", "tokenizer", "tokenizer_config", "run_record"):
        (folder / f"{name}.json").write_text("{}")
    save_file({"w": np.zeros(300_000, np.float32)}, folder / "model.safetensors")
    (folder / "README.md").write_text(MODEL_CARD)
    return folder


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "pairs"
    (folder / "default").mkdir(parents=True)
    pq.write_table(pa.table({"prompt": ["a", "b", "c"]}), folder / "default" / "train-00000-of-00001.parquet")
    (folder / "README.md").write_text(DATASET_CARD.format(folder_hash(folder)))
    return folder


def push(*arguments: object) -> Result:
    done = CliRunner(env={"COLUMNS": "300"}).invoke(app, ["push", *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def refused(done: Result, *words: str) -> None:
    assert done.exit_code == 2, done.output
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stderr


# What goes up


def test_a_second_push_changes_nothing_and_a_third_sends_what_changed(hub: StubHub, model: Path) -> None:
    first = push("model", model)
    assert first.exit_code == 0 and f"uploaded: {hub.url}/ada/mine" in first.stdout
    there = hub.files("model", "ada/mine")
    assert {path.name: path.read_bytes() for path in model.iterdir()} == {
        name: content for name, content in there.items() if name != ".gitattributes"
    }
    assert hub.sent("PUT", "/lfs/") == 1  # the weights; the rest came in the commit
    assert "unchanged since" in push("model", model).stdout
    commits = hub.repos["model", "ada/mine"].branches["main"]
    assert len(commits) == 2 and hub.sent("PUT", "/lfs/") == 1
    (model / "config.json").write_text('{"changed": 1}')
    assert push("model", model, "--message", "a new width").exit_code == 0
    assert [message for _, _, message in commits] == [
        "initial commit",
        "Model by llamoco push",
        "a new width",
    ]
    assert (
        hub.files("model", "ada/mine")["config.json"] == b'{"changed": 1}' and hub.sent("PUT", "/lfs/") == 1
    )


def test_weights_of_an_earlier_push_go_and_other_files_stay(hub: StubHub, model: Path) -> None:
    push("model", model)
    hub.files("model", "ada/mine")["NOTES.md"] = b"written there"
    (model / "model.safetensors").unlink()
    shards = {f"model-0000{i}-of-00002.safetensors": f"w{i}" for i in (1, 2)}
    for name, weight in shards.items():
        save_file({weight: np.zeros(3, np.float32)}, model / name)
    index = {"weight_map": {weight: name for name, weight in shards.items()}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    done = push("model", model)
    assert "removed there: model.safetensors\n" in done.stdout
    there = hub.files("model", "ada/mine")
    assert set(shards) <= set(there) and "NOTES.md" in there and "model.safetensors" not in there


def test_a_private_repository_and_a_branch(hub: StubHub, model: Path) -> None:
    assert push("model", model, "--private", "--branch", "trial", "--repo", "ada/secret").exit_code == 0
    repo = hub.repos["model", "ada/secret"]
    assert repo.private and "config.json" in repo.branches["trial"][-1][1]
    assert set(repo.branches["main"][-1][1]) == {".gitattributes"}
    # What lies open already does not become private by the way.
    push("model", model, "--repo", "ada/open")
    (model / "config.json").write_text('{"secret": 1}')
    refused(
        push("model", model, "--repo", "ada/open", "--private"), "is public already", "nothing was uploaded"
    )
    assert hub.files("model", "ada/open")["config.json"] == b"{}"


def test_a_model_without_a_card_gets_one_from_its_run_record(hub: StubHub, model: Path) -> None:
    (model / "README.md").unlink()
    shutil.copy(ROOT / "modeling" / "llamoco-xs" / "run_record.json", model)
    assert push("model", model).exit_code == 0
    card = hub.files("model", "ada/mine")["README.md"].decode()
    assert "llamoco train examples/recipes/xs.yaml" in card and "license: apache-2.0" in card
    assert not (model / "README.md").exists()


def test_a_dry_run_asks_nobody(hub: StubHub, model: Path) -> None:
    (model / "optimizer.pt").write_bytes(b"pickle")
    done = push("model", model, "--dry-run")
    assert done.exit_code == 0 and not hub.requests
    for text in ("model.safetensors", "license: apache-2.0", "left out: optimizer.pt", "all checks passed"):
        assert text in done.stdout


# What fails on the way


def test_without_a_token_nothing_is_asked(hub: StubHub, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN")
    refused(push("model", model), "no token", "HF_TOKEN", "hf auth login")
    refused(push("model", model, "--dry-run"), "no token")
    assert not hub.requests


@pytest.mark.parametrize("repo", ["mine", "ada/mine"])
def test_a_wrong_token(hub: StubHub, model: Path, monkeypatch: pytest.MonkeyPatch, repo: str) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_forged")
    done = push("model", model, "--repo", repo)
    refused(done, "refuses the token (401)")
    assert "hf_forged" not in done.output and not hub.repos


def test_a_token_that_only_reads_and_an_account_of_others(
    hub: StubHub, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused(push("model", model, "--repo", "bob/mine"), "may not write to bob/mine (403)")
    monkeypatch.setenv("HF_TOKEN", READER)
    refused(push("model", model), "may not write to ada/mine (403)", "`write`")
    assert not hub.repos


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (500, "the Hub failed (500)"),
        (503, "the Hub failed (503)"),
        (412, "changed during the push (412)"),
        (404, "the Hub refuses (404)"),
        (0, "cannot be reached"),  # the line is cut
    ],
)
def test_a_push_that_fails_at_the_commit_is_repeated_without_sending_again(
    hub: StubHub, model: Path, status: int, words: str
) -> None:
    hub.failures = [["POST", "/commit/", status, 1]]
    refused(push("model", model), words)
    assert set(hub.files("model", "ada/mine")) == {".gitattributes"}  # all or nothing
    assert "uploaded" in push("model", model).stdout
    assert hub.sent("PUT", "/lfs/") == 1 and "model.safetensors" in hub.files("model", "ada/mine")


def test_a_hiccup_while_weights_are_sent_is_got_over(hub: StubHub, model: Path) -> None:
    hub.failures = [["PUT", "/lfs/", 500, 1]]
    assert push("model", model).exit_code == 0
    assert hub.sent("PUT", "/lfs/") == 2 and "model.safetensors" in hub.files("model", "ada/mine")


def test_weights_that_are_refused(hub: StubHub, model: Path) -> None:
    hub.failures = [["PUT", "/lfs/", 403, 9]]
    refused(push("model", model), "may not write to ada/mine (403)")
    assert set(hub.files("model", "ada/mine")) == {".gitattributes"}


def test_no_network(hub: StubHub, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    refused(push("model", model), "http://127.0.0.1:9 cannot be reached", "HF_ENDPOINT")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    refused(push("model", model), "HF_HUB_OFFLINE is set")


@pytest.mark.parametrize("name", ["a//b", "ada/", "two words", "x" * 200, "../x"])
def test_names_that_no_repository_can_have(hub: StubHub, model: Path, name: str) -> None:
    refused(push("model", model, "--repo", name))
    refused(push("model", model, "--repo", name, "--dry-run"))
    assert not hub.repos


# What is refused before anything is sent


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


MODEL_FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no card": (lambda f: (f / "README.md").unlink(), "README.md is missing, and no card could be made"),
    "a card without metadata": (lambda f: (f / "README.md").write_text("# Mine\n"), "has no metadata"),
    "metadata that are no YAML": (
        lambda f: (f / "README.md").write_text("---\nlicense: [\n---\n"),
        "its metadata cannot be read",
    ),
    "metadata that are a list": (lambda f: (f / "README.md").write_text("---\n- a\n---\n"), "cannot be read"),
    "no licence": (
        lambda f: (f / "README.md").write_text(MODEL_CARD.replace("license: apache-2.0\n", "")),
        "its metadata lacks 'license'",
    ),
    "a model-index without values": (
        lambda f: (f / "README.md").write_text(
            MODEL_CARD.replace("tags:", "model-index: [{name: x, results: [{task: {}}]}]\ntags:")
        ),
        "its metadata cannot be read",
    ),
    "a picture that is not there": (
        lambda f: (f / "README.md").write_text(MODEL_CARD + "![curve](curve.png)\n"),
        "shows curve.png, which is not there",
    ),
    "no config": (lambda f: (f / "config.json").unlink(), "config.json is missing"),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "the tokenizer is missing"),
    "no run record": (lambda f: (f / "run_record.json").unlink(), "run_record.json is missing"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "there are no weights"),
    "weights cut off": (lambda f: cut(f / "model.safetensors"), "model.safetensors is damaged"),
    "a shard is missing": (
        lambda f: (f / "model.safetensors.index.json").write_text(
            '{"weight_map": {"v": "second.safetensors"}}'
        ),
        "second.safetensors, a shard of the weights, is missing",
    ),
    "a shard too many": (
        lambda f: (f / "model.safetensors.index.json").write_text('{"weight_map": {}}'),
        "model.safetensors belongs to other weights",
    ),
    "a broken file": (lambda f: (f / "config.json").write_text("{"), "config.json is not valid JSON"),
    "a converted form of other weights": (
        lambda f: shutil.copytree(SHIPPED_MODEL / "ctranslate2", f / "ctranslate2"),
        "ctranslate2/ belongs to other weights",
    ),
    "not finished": (lambda f: (f / "identity.json").write_text("{}"), "is not finished"),
    "an adapter without its base": (
        lambda f: (f / "adapter_config.json").write_text("{}"),
        "its metadata lacks 'base_model'",
    ),
}


@pytest.mark.parametrize("name", MODEL_FAULTS)
def test_a_model_with_a_fault_is_not_sent(hub: StubHub, model: Path, name: str) -> None:
    spoil, words = MODEL_FAULTS[name]
    spoil(model)
    refused(push("model", model, "--dry-run"), words)
    refused(push("model", model, "--repo", "ada/mine"), "nothing was uploaded", words)
    assert not hub.requests


def test_a_file_beyond_the_limit(hub: StubHub, model: Path) -> None:
    save_file({"w": np.zeros(4 << 20, np.float32)}, model / "model.safetensors")
    refused(push("model", model, "--repo", "ada/mine"), "model.safetensors has 16.0 MiB, more than 15")
    assert not hub.requests
    assert push("model", model, "--max-file", "20").exit_code == 0
    assert len(hub.files("model", "ada/mine")["model.safetensors"]) > 16 << 20


def test_a_folder_that_is_not_there(hub: StubHub, tmp_path: Path) -> None:
    refused(push("dataset", tmp_path / "nowhere", "--dry-run"), "nowhere", "write it with `llamoco build`")


def test_a_data_set_goes_up_and_one_that_differs_from_its_card_does_not(hub: StubHub, dataset: Path) -> None:
    shown = push("dataset", dataset, "--dry-run")
    assert shown.exit_code == 0 and "dataset_info:\n  default:\n    train: 3\n" in shown.stdout
    assert push("dataset", dataset).exit_code == 0
    assert "default/train-00000-of-00001.parquet" in hub.files("dataset", "ada/pairs")
    file = dataset / "default" / "train-00000-of-00001.parquet"
    pq.write_table(pa.table({"prompt": ["a", "b"]}), file)
    refused(push("dataset", dataset), "holds 2 rows, the card says 3", "the SHA-256 in the card is not that")
    cut(file)
    refused(push("dataset", dataset), "is damaged")
    file.unlink()
    refused(push("dataset", dataset), "holds 0 rows")


def test_metadata_of_another_form_give_a_message(hub: StubHub, dataset: Path) -> None:
    card = (dataset / "README.md").read_text()
    for spoiled in (
        "dataset_info: 3",
        "dataset_info: [{config_name: default}]",
        "dataset_info: {splits: [1]}",
    ):
        (dataset / "README.md").write_text(card.replace(card.splitlines()[5], spoiled))
        refused(push("dataset", dataset, "--dry-run"), "has an unknown form")


def test_a_metric_that_could_not_be_installed_or_found_is_refused(tmp_path: Path) -> None:
    metric = ROOT / "metrics" / "llamoco"
    faults = "".join(artefact("metric", metric, "ada/other", private=True).faults)
    assert "a private Space cannot" in faults and "call the repository llamoco" in faults
    shutil.copytree(metric, tmp_path / "metrics" / "llamoco")
    assert (
        "is not a checkout" in artefact("metric", tmp_path / "metrics" / "llamoco", "ada/llamoco").faults[0]
    )
