"""The page of metrics/llamoco/app.py as a process of its own, asked over HTTP as a browser asks it, or as a stranger may by hand."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from processes import with_environment

APP = Path(__file__).parents[3] / "metrics" / "llamoco" / "app.py"
MODEL, SINGLE_BEST, OWN = "The shipped model", "The single best solver", "I do"
START_LIMIT = 180.0
JOB_LIMIT = 240.0
SECRET = "hf_secret"
MARKUP = re.compile(r"<style.*?</style>|<svg.*?</svg>|<[^>]+>", re.DOTALL)


class Page:
    """A running page, with a temporary folder of its own.

    Attributes:
        address: where it listens, without a slash at the end.
        folder: its temporary folder.
        process: its process.
        fields: numbers of its functions, and how many fields each takes.
        solve: the function that does a job.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        environment = os.environ | {"TMPDIR": str(folder), "HF_TOKEN": SECRET}
        with open(folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(APP), "--port", str(port)], env=environment, stdout=log, stderr=log
            )
        end = time.monotonic() + START_LIMIT
        while True:
            try:
                config = httpx.get(f"{self.address}/config", timeout=10).json()
                break
            except (httpx.TransportError, ValueError):
                assert self.process.poll() is None and time.monotonic() < end, self.log()
                time.sleep(0.1)
        self.fields = {entry["id"]: len(entry["inputs"]) for entry in config["dependencies"]}
        self.solve = next(number for number, fields in self.fields.items() if fields == 5)

    def log(self) -> str:
        """What it printed."""
        return (self.folder / "log").read_text(errors="replace")

    def join(self, *data: Any, **more: Any) -> tuple[httpx.Response, str]:
        """Ask for a job; the answer to that, and the name under which its events are to be had."""
        name = uuid.uuid4().hex[:12]
        body = {"data": list(data), "fn_index": self.solve, "session_hash": name} | more
        sent = json.dumps(body).encode()
        header = {"content-type": "application/json"}
        address = f"{self.address}/gradio_api/queue/join"
        return httpx.post(address, content=sent, headers=header, timeout=60), name

    @contextmanager
    def events(self, name: str) -> Iterator[Iterator[dict[str, Any]]]:
        """What is said of a job; to leave the block is to disconnect."""
        address = f"{self.address}/gradio_api/queue/data"
        with httpx.stream("GET", address, params={"session_hash": name}, timeout=JOB_LIMIT) as stream:
            yield (json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: "))

    def ask(self, *data: Any, **more: Any) -> str:
        """Have a job done: the text of the results column at its end, or why it was refused."""
        joined, name = self.join(*data, **more)
        if joined.status_code != 200:
            assert joined.status_code < 500, joined.text
            return str(joined.json()["detail"])
        shown = ""
        with self.events(name) as events:
            for event in events:
                for value in (event.get("output") or {}).get("data") or []:
                    if isinstance(value, str) and "lm-view" in value:
                        shown = value
                if event["msg"] == "process_completed":
                    assert event["success"], event
                    break
        return " ".join(MARKUP.sub(" ", shown).split())

    def workers(self) -> list[int]:
        """Its jobs' processes, those of their sandboxes and keepers, by the temporary folder in their environment."""
        return [pid for pid in with_environment(f"TMPDIR={self.folder}/") if pid != self.process.pid]

    def left(self) -> list[str]:
        """What lies in its temporary folder, but for gradio's own."""
        return sorted(name for name in os.listdir(self.folder) if name not in ("log", "gradio"))

    def memory(self) -> int:
        """Resident memory of its own process, MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found[1]) >> 10

    def settle(self, workers: int, limit: float = 30.0) -> list[int]:
        """Wait until a number of workers' processes is left, or the limit in seconds is over; the processes."""
        end = time.monotonic() + limit
        while len(found := self.workers()) != workers and time.monotonic() < end:
            time.sleep(0.05)
        return found

    def rested(self) -> list[int]:
        """The processes of the worker that stands by, once it has started: they are the same for two seconds."""
        seen, since = self.workers(), time.monotonic()
        while time.monotonic() - since < 2:
            time.sleep(0.1)
            if (now := self.workers()) != seen or len(now) < 4:
                seen, since = now, time.monotonic()
        return seen

    def end(self, signum: signal.Signals) -> None:
        """Send it a signal and wait for its end."""
        self.process.send_signal(signum)
        self.process.wait(60)
