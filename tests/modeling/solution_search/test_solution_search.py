"""OPRO and LMEA against a real server with scripted replies: convergence as by hand, counts, trouble, and going on after a stop."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scripted_server import TOKENS_IN, TOKENS_OUT, Body, Scripted, provider, scripted

from llamoco.dataset_builder.analysis.task_log import TaskLogError
from llamoco.dataset_builder.problems.portable_rng import PortableRng, named_seed
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.scores import aocc, w
from llamoco.modeling.model_error import ModelError
from llamoco.modeling.solution_search.lmea import Lmea
from llamoco.modeling.solution_search.opro import Opro
from llamoco.modeling.solution_search.points import Scored, read_points
from llamoco.modeling.solution_search.search import REASKED
from llamoco.modeling.solution_search.study import Study, run_study, server_sampler

SUM = {
    "structure": "single",
    "components": [
        {
            "function": "sphere",
            "coefficient": 1,
            "positions": None,
            "shift": {"values": [0.0, 0.0]},
            "scale": 1,
            "reflection": None,
        }
    ],
}
SPHERE = replace(Problem("sphere", "synthetic", (-2.0, -2.0), (2.0, 2.0), 100, 0, 0, SUM), f0=4.0, f_star=0.0)
POINT = re.compile(r"input:\n(\[.*\])")
MEMBER = re.compile(r"<point>(\[.*?\])</point>")


def content(body: Body) -> str:
    [message] = body["messages"]
    return message["content"]


def halved(text: str) -> str:
    [point] = read_points(text, 2)
    return f"[{point[0] / 2:.6g}, {point[1] / 2:.6g}]"


def opro_reply(body: Body) -> str:
    """Half of the point that stands last, which is the best."""
    return f"Between [low, high] I would try {halved(POINT.findall(content(body))[-1])}"


def lmea_reply(body: Body) -> str:
    """Half of every point."""
    return "\n".join(
        f"<selection>{p}</selection>\n<res>{halved(p)}</res>" for p in MEMBER.findall(content(body))
    )


def study(out: Path, server: Scripted | None, problem: Problem = SPHERE, **options: Any) -> dict[str, Any]:
    settings: dict[str, Any] = {"method": "opro", "runs": 1, "max_requests": 80} | options
    source = None if server is None else provider(server)
    return run_study(
        out, Study(**settings), [problem], source and server_sampler(source), {"model": "m"}, "command", 2
    )


def rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "runs.jsonl").read_text().splitlines()]


def initial(count: int, run: int = 0) -> np.ndarray:
    seed = named_seed("solution search", 0, "sphere", run) % 2**31
    return PortableRng("solution search", seed).points(count, SPHERE.lower_array, SPHERE.upper_array)


def test_opro_halves_the_best_point_as_by_hand(tmp_path: Path) -> None:
    with scripted(opro_reply) as server:
        record = study(tmp_path, server)
    [row] = rows(tmp_path)
    values = (initial(5) ** 2).sum(axis=1)
    # Ten steps of eight equal replies: one new point each, at a quarter of the value.
    assert (row["requests"], row["evals"], row["duplicates"], row["stopped_by"]) == (80, 15, 70, "requests")
    assert row["best_f"] == pytest.approx(values.min() / 4**10, rel=1e-4)
    firsts = [(i + 1, v) for i, v in enumerate(values) if v == values[: i + 1].min()]
    by_hand = [*firsts, *((6 + k, values.min() / 4 ** (k + 1)) for k in range(10))]
    assert [step[0] for step in row["trace"]] == [step[0] for step in by_hand]
    assert row["aocc"] == pytest.approx(aocc(by_hand, 100, 4.0, 0.0), abs=1e-4)
    assert row["perf"] == pytest.approx(w(by_hand[-1][1], 4.0, 0.0), abs=1e-9)
    assert (row["tokens_in"], row["tokens_out"]) == (80 * TOKENS_IN, 80 * TOKENS_OUT)
    assert record["aocc"] == row["aocc"] and record["settings"]["max_requests"] == 80
    bodies = [body for body in server.seen]
    assert {body["temperature"] for body in bodies} == {1.0} and len({body["seed"] for body in bodies}) == 80
    shown = [sum(v * v for v in read_points(text, 2)[0]) for text in POINT.findall(content(bodies[-1]))]
    assert shown == sorted(shown, reverse=True) and len(shown) == 14


def test_lmea_makes_a_generation_a_request(tmp_path: Path) -> None:
    with scripted(lmea_reply) as server:
        study(tmp_path, server, method="lmea")
    [row] = rows(tmp_path)
    values = (initial(16) ** 2).sum(axis=1)
    assert (row["evals"], row["stopped_by"], row["unparsable"]) == (100, "evaluations", 0)
    assert row["requests"] < 20 and row["best_f"] <= values.min() / 4**4
    first = MEMBER.findall(content(server.seen[0]))
    assert len(first) == 16 and read_points(first[-1], 2)[0] == pytest.approx(
        initial(16)[values.argmin()], rel=1e-5
    )


def test_the_temperature_rises_when_the_best_stands_still() -> None:
    method = Lmea(2, SPHERE.lower_array, SPHERE.upper_array, False)
    method.tell([Scored((1.0, 1.0), (0.0, 2.0))])
    for _ in range(19):
        method.tell([Scored((1.5, 1.0), (0.0, 3.25))])
    assert method.requests()[0].temperature == 1.0
    method.tell([])
    assert method.requests()[0].temperature == 1.1
    method.tell([Scored((0.0, 1.0), (0.0, 1.0))])
    for _ in range(19 + 20 * 20):
        method.tell([])
    assert method.requests()[0].temperature == 2.0


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("so [1, -2.5e-1]", [(1.0, -0.25)]),
        ("[x1 = 1, x2: 3] then [0 4]", [(1.0, 3.0), (0.0, 4.0)]),
        ("[1, 2, 3] [nan, 1] [inf, 1] [a, b] [] [1,] [1e999, 0]", []),
        ("[" * 100_000 + "1, 2]", [(1.0, 2.0)]),
        (f"[{'1' * 5000}, 2]", []),
        ("import os; [__import__('os'), 1]", []),
    ],
)
def test_points_are_read_from_brackets_only(text: str, points: list[tuple[float, ...]]) -> None:
    assert read_points(text, 2) == points


def test_senseless_replies_are_counted_and_asked_again_a_bounded_number_of_times(tmp_path: Path) -> None:
    with scripted(lambda body: "I cannot help with that.") as server:
        study(tmp_path, server, max_requests=20)
    [row] = rows(tmp_path)
    assert (row["requests"], row["unparsable"], row["evals"]) == (20, 20, 5) and REASKED == 2
    assert len(server.seen) == 20 and row["best_f"] is not None


def test_points_outside_are_moved_onto_the_box_and_counted(tmp_path: Path) -> None:
    with scripted(lambda body: "[7, -0.5]") as server:
        study(tmp_path, server, max_requests=8)
    [row] = rows(tmp_path)
    assert (row["clipped"], row["duplicates"], row["evals"]) == (8, 7, 6)


def test_caps_on_evaluations(tmp_path: Path) -> None:
    with scripted(opro_reply) as server:
        study(tmp_path / "cap", server, max_evals=7)
        study(tmp_path / "few", server, replace(SPHERE, max_evals=3))
    [cap], [few] = rows(tmp_path / "cap"), rows(tmp_path / "few")
    assert (cap["evals"], cap["stopped_by"], cap["max_evals"]) == (7, "evaluations", 100)
    assert (few["evals"], few["requests"], few["stopped_by"]) == (3, 0, "evaluations")


def test_constraints_are_told_by_violation_and_order_the_points(tmp_path: Path) -> None:
    definition = SUM | {"inequalities": [{"kind": "sum", "sense": ">=", "bound": 1.0}]}
    problem = Problem("c", "synthetic", (-2.0, -2.0), (2.0, 2.0), 100, 1, 0, definition)
    method = Opro(2, problem.lower_array, problem.upper_array, True)
    method.tell(
        [Scored((0.0, 0.0), (1.0, 0.0)), Scored((1.0, 1.0), (0.0, 2.0)), Scored((0.5, 0.0), (0.5, 0.25))]
    )
    text = method.requests()[0].text
    order = [
        text.index(part) for part in ("broken by 1, value 0\n", "broken by 0.5, value 0.25", "value:\n2")
    ]
    assert order == sorted(order) and "infeasible" in text.partition("input:")[0]
    with scripted(lambda body: "[0.5, 0.5]") as server:
        study(tmp_path, server, problem, max_requests=8)
    [row] = rows(tmp_path)
    assert row["best_f"] is not None and row["best_f"] <= 0.5 and row["perf"] is None


def test_trouble_is_met_by_another_try(tmp_path: Path) -> None:
    with scripted(opro_reply) as server:
        study(tmp_path / "calm", server, max_requests=16)
        for trouble in ((429, b'{"error": "busy"}', 0.0), (200, b"\xff no JSON", 0.0), (200, b"", 0.0)):
            server.trouble = [trouble]
            study(tmp_path / str(trouble[:2]), server, max_requests=16)
            assert _timeless(tmp_path / str(trouble[:2])) == _timeless(tmp_path / "calm")


def test_a_server_that_is_too_slow_ends_the_study_and_keeps_what_came(tmp_path: Path) -> None:
    with scripted(opro_reply) as server:
        source = provider(server, timeout=0.5, retries=0)

        def broken(text: str, temperature: float, seed: int) -> Any:
            if len(server.seen) == 3:
                server.trouble = [(200, b"{}", 1.5)]
            return server_sampler(source)(text, temperature, seed)

        with pytest.raises(ModelError, match=r"no answer in 0\.5 s.*run the same command again"):
            run_study(tmp_path, Study("opro", 1, None, 16), [SPHERE], broken, {"model": "m"}, "c", 1)
        assert len((tmp_path / "replies.jsonl").read_text().splitlines()) == 1 + 3
        study(tmp_path, server, max_requests=16)
        study(tmp_path / "whole", server, max_requests=16)
    assert _timeless(tmp_path) == _timeless(tmp_path / "whole")


def test_a_prompt_that_is_too_long_ends_its_run_but_no_study_begins_with_one(tmp_path: Path) -> None:
    refusal = (400, b'{"error": {"message": "exceeds the context"}}', 0.0)
    with scripted(opro_reply) as server:
        server.trouble = [refusal]
        with pytest.raises(ModelError, match="HTTP status 400"):
            study(tmp_path, server, max_requests=9)
        source = server_sampler(provider(server))

        def ask(text: str, temperature: float, seed: int) -> Any:
            if len(server.seen) == 4:
                server.trouble = [refusal]
            return source(text, temperature, seed)

        record = run_study(tmp_path, Study("opro", 1, None, 9), [SPHERE], ask, {"model": "m"}, "c", 1)
    [row] = rows(tmp_path)
    assert (row["stopped_by"], row["requests"], row["evals"], row["unparsable"]) == ("refused", 4, 6, 0)
    assert study(tmp_path, None, max_requests=9) == record and record["stopped_by"] == {"refused": 1}


@pytest.mark.parametrize("method", ["opro", "lmea"])
def test_a_resumed_study_equals_an_uninterrupted_one(method: str, tmp_path: Path) -> None:
    reply = {"opro": opro_reply, "lmea": lmea_reply}[method]
    whole, cut, derived = tmp_path / "whole", tmp_path / "cut", tmp_path / "derived"
    with scripted(reply) as server:
        record = study(whole, server, method=method, runs=2, max_requests=6)
        asked = len(server.seen)
        lines = (whole / "replies.jsonl").read_text().splitlines(keepends=True)
        cut.mkdir()
        (cut / "replies.jsonl").write_text("".join(lines[:5])[:-30])  # as kill -9 leaves it
        study(cut, server, method=method, runs=2, max_requests=6)
        assert len(server.seen) - asked == asked - 3
    assert _timeless(whole) == _timeless(cut) and record["missing_runs"] == 0
    derived.mkdir()
    (derived / "replies.jsonl").write_bytes((whole / "replies.jsonl").read_bytes())
    assert study(derived, None, method=method, runs=2, max_requests=6) == record
    assert (derived / "runs.jsonl").read_bytes() == (whole / "runs.jsonl").read_bytes()
    (derived / "replies.jsonl").write_text("".join(lines[:5]))
    assert study(derived, None, method=method, runs=2, max_requests=6)["missing_runs"] > 0


def test_other_settings_are_refused(tmp_path: Path) -> None:
    with scripted(opro_reply) as server:
        study(tmp_path, server, max_requests=4)
        before = (tmp_path / "replies.jsonl").read_bytes()
        with pytest.raises(TaskLogError, match="another max_requests: max_requests 4"):
            study(tmp_path, server, max_requests=5)
        with pytest.raises(TaskLogError, match="method"):
            study(tmp_path, server, method="lmea", max_requests=4)
    assert (tmp_path / "replies.jsonl").read_bytes() == before
    with pytest.raises(TaskLogError, match="recorded replies"):
        study(tmp_path / "none", None)


def _timeless(out: Path) -> list[dict[str, Any]]:
    return [row | {"seconds": 0} for row in rows(out)]
