"""What `llamoco push` uploaded is loaded back, by id, as anybody would: model, data set, metric, and the package itself."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import HfApi, constants
from stub_hub import TOKEN, StubHub, stub_hub
from typer.testing import CliRunner

from llamoco.cli.main import app
from llamoco.dataset_builder.hub_folder import folder_hash
from llamoco.hub_cards.artefacts import artefact
from llamoco.hub_cards.push import push
from llamoco.modeling.generation.model_files import SHIPPED_MODEL

ROOT = Path(__file__).parents[2]
Pushed = tuple[StubHub, dict[str, str], Path]  # the Hub, the environment in which it is the Hub, a checkout
LOADS = """
from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
import evaluate

model = AutoModelForCausalLM.from_pretrained("ada/llamoco-xs")
tokenizer = AutoTokenizer.from_pretrained("ada/llamoco-xs")
text = "def objective(x):\\n    return sum(x)\\n"
output = model.generate(**tokenizer(text, return_tensors="pt"), max_new_tokens=5, do_sample=False)
print("model:", model.num_parameters(), tokenizer.decode(output[0], skip_special_tokens=True).startswith(text))
pairs = load_dataset("ada/pairs", split="train")
print("pairs:", list(pairs["prompt"]))
print("metric:", evaluate.load("ada/llamoco").name)
"""
CARD = """\
---
license: apache-2.0
task_categories: [text-generation]
tags: [code]
configs: [{config_name: default, data_files: [{split: train, path: default/train-*.parquet}]}]
dataset_info: {config_name: default, splits: [{name: train, num_examples: 2}]}
---
"""


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pushed]:
    """A Hub after three pushes, one of them by the command, from a checkout."""
    work = tmp_path_factory.mktemp("hub")
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, work)
    for name in ("api", "dataset_builder", "metrics", "modeling", "hub_cards", "cli"):
        shutil.copytree(ROOT / name, work / name, ignore=shutil.ignore_patterns("runs", "__pycache__"))
    pairs = work / "pairs"
    (pairs / "default").mkdir(parents=True)
    pq.write_table(pa.table({"prompt": ["a", "b"]}), pairs / "default" / "train-0.parquet")
    (pairs / "README.md").write_text(CARD + folder_hash(pairs))
    with stub_hub() as hub, pytest.MonkeyPatch.context() as patch:
        env = {
            **{name: value for name, value in os.environ.items() if "OFFLINE" not in name},
            **{
                "HF_ENDPOINT": hub.url,
                "HF_TOKEN": TOKEN,
                "HF_HOME": str(work / "home"),
                "HF_HUB_DISABLE_XET": "1",  # its storage has a protocol of its own
            },
        }
        patch.setattr(constants, "HF_HUB_OFFLINE", False)
        patch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        api = HfApi(endpoint=hub.url, token=TOKEN)
        assert push(api, artefact("model", SHIPPED_MODEL, "ada/llamoco-xs")).changed
        assert push(api, artefact("dataset", pairs, "ada/pairs")).changed
        patch.setattr(constants, "ENDPOINT", hub.url)
        patch.setenv("HF_TOKEN", TOKEN)
        patch.chdir(work)
        metric = CliRunner().invoke(app, ["push", "metric"])
        assert metric.exit_code == 0 and "uploaded: " in metric.stdout, metric.output
        yield hub, env, work


def test_model_data_set_and_metric_load_by_their_ids(pushed: Pushed, tmp_path: Path) -> None:
    hub, env, _ = pushed
    done = subprocess.run(
        [sys.executable, "-c", LOADS], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    model, pairs, metric = done.stdout.splitlines()[-3:]
    assert re.fullmatch(r"model: \d{7,} True", model)
    assert pairs.endswith("['a', 'b']") and metric.startswith("metric: ")
    weights = SHIPPED_MODEL.glob("*.safetensors")
    there = hub.files("model", "ada/llamoco-xs")
    assert all(there[path.name] == path.read_bytes() for path in weights)


def test_the_converted_form_loads_by_its_id_without_torch(pushed: Pushed, tmp_path: Path) -> None:
    hub, env, _ = pushed
    program = (
        "import sys\nfrom llamoco.modeling.generation.engines import load_generator\n"
        "model = load_generator('ada/llamoco-xs')\n"
        "print(model.engine, model.name, model.calibration is not None, 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=200
    )
    assert done.stdout == "ctranslate2 ada/llamoco-xs True False\n", done.stderr
    there = hub.files("model", "ada/llamoco-xs")
    converted = SHIPPED_MODEL / "ctranslate2"
    assert all(there[f"ctranslate2/{path.name}"] == path.read_bytes() for path in converted.iterdir())


def test_the_space_installs_the_wheel_that_it_brings(pushed: Pushed, tmp_path: Path) -> None:
    hub, env, work = pushed
    files = hub.files("space", "ada/llamoco")
    wheel = next(name for name in files if name.endswith(".whl"))
    line = files["requirements.txt"].decode().splitlines()[-1]
    assert re.fullmatch(
        rf"llamoco\[app\] @ {hub.url}/spaces/ada/llamoco/resolve/main/{wheel}#sha256=[0-9a-f]{{64}}", line
    )
    # As a Space does: requirements.txt is all that lies there.
    (tmp_path / "requirements.txt").write_text(line + "\n")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--no-cache-dir",
        "--disable-pip-version-check",
    ]
    done = subprocess.run(
        [*command, "--target", "installed", "-r", "requirements.txt"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    for part in (
        "modeling/llamoco-xs/config.json",
        "modeling/llamoco-xs/ctranslate2/model.bin",
        "hub_cards/records/evaluation.json",
        "cli/push.py",
    ):
        assert (tmp_path / "installed" / "llamoco" / part).is_file()
    # Equal sources give an equal wheel: to push again changes nothing.
    again = artefact("metric", work / "metrics" / "llamoco", "ada/llamoco")
    assert not again.faults and again.files[wheel] == files[wheel]
