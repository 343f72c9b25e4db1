"""Opening providers: each imports only what it needs."""

import subprocess
import sys
from pathlib import Path

import pytest

from llamoco.modeling.model_error import ModelError
from llamoco.modeling.providers import open_provider


def test_a_server_and_an_answer_file_need_no_torch(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text('{"row": 0, "program": "x = 1"}\n')
    code = (
        "import sys\nfrom llamoco.modeling.providers import open_provider\n"
        f"open_provider({str(file)!r})\n"
        "open_provider('some-model', server='http://127.0.0.1:9')\n"
        "print([name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_model_on_a_server_needs_its_url() -> None:
    with pytest.raises(ModelError, match=r"\(m\), but no server: give its URL"):
        open_provider(server_model="m")
