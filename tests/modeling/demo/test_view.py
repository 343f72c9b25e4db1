"""What the page shows, as text: facts and figures are those of the job, and nothing of a stranger's becomes markup."""

import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from llamoco.modeling.demo import view
from llamoco.modeling.demo.plot import INK, convergence
from llamoco.modeling.demo.request import Job

PROBLEM = {
    "dim": 2,
    "lower": [0.0, -1.0],
    "upper": [1.0, 1.0],
    "max_evals": 1000,
    "n_inequality": 1,
    "n_equality": 0,
    "f0": 4.0,
    "f_star": 1.0,
    "language": "latex",
}
ANSWER = {
    "program": "print(1)\n",
    "optimizer": "cobyla",
    "config": {"RHO": 0.5},
    "confidence": 0.62,
    "calibrated": False,
    "fallback": None,
    "known": True,
    "serves": True,
    "warning": None,
}
RUN = {
    "seed": 0,
    "verdict": "ok",
    "reason": "returned a point",
    "tier": "A",
    "f": 1.5,
    "x": [0.25, 0.5],
    "feasible": True,
    "evals": 900,
    "w": 0.8333,
    "aocc": 0.4,
    "trace": [(1, 9.0), (100, 2.0), (900, 1.5)],
    "wall": 0.5,
    "faithful": None,
    "exception": None,
    "message": None,
    "frames": [],
    "output": "",
}
MARKUP = re.compile(r"<[^>]+>")


def shown(*lines: dict[str, Any], runs: int = 1) -> str:
    page = view.ResultView(Job("p", runs=runs))
    for line in lines:
        page.receive(line)
    return page.as_html()


def text_of(html: str) -> str:
    return MARKUP.sub(" ", html)


def test_facts_and_figures_of_one_run() -> None:
    text = text_of(shown({"problem": PROBLEM}, {"answer": ANSWER}, {"run": RUN}, {"done": True}))
    for expected in (
        "the program returned a feasible point",
        "[0, 1], [-1, 1]",
        "1,000 evaluations",
        "1 inequalities, 0 equalities",
        "f0 = 4 ",
        "cobyla (RHO = 0.5)",
        "62%",
        "1.5",
        "0.833",
        "0.400",
        "x = [0.25, 0.5]",
        "tier A",
    ):
        assert expected in text, expected


def test_several_runs_have_mean_spread_and_the_best() -> None:
    lines = [
        {"run": RUN | {"f": f, "seed": seed, "w": w}} for seed, (f, w) in enumerate([(1.0, 1.0), (3.0, 0.5)])
    ]
    text = text_of(shown({"problem": PROBLEM}, {"answer": ANSWER}, *lines, {"done": True}, runs=2))
    assert "mean 2 ± 1" in text and "0.750" in text and "2 of 2" in text and "each of 2 runs" in text


def test_a_run_that_our_side_failed_has_no_scores() -> None:
    nobodys = (
        RUN
        | dict.fromkeys(("w", "aocc", "f", "x"))
        | {"verdict": "harness_error", "trace": [], "feasible": False}
    )
    for several in ((RUN, nobodys), (nobodys, RUN)):
        lines = [{"run": run} for run in several]
        text = text_of(shown({"problem": PROBLEM}, {"answer": ANSWER}, *lines, {"done": True}, runs=2))
        assert "harness_error" in text and "0.833" in text and "1 of 2" in text


def test_an_infeasible_point_is_no_success() -> None:
    bad = RUN | {"feasible": False, "trace": []}
    html = shown({"problem": PROBLEM}, {"answer": ANSWER}, {"run": bad}, {"done": True})
    assert "lm-warn" in html and "violate" in html and "lm-ok" not in html


@pytest.mark.parametrize(
    ("verdict", "kind"), [("security_violation", "lm-bad"), ("budget_exceeded", "lm-warn")]
)
def test_a_failure_says_verdict_and_reason(verdict: str, kind: str) -> None:
    failed = RUN | {
        "verdict": verdict,
        "reason": "forbidden system call (os.system)",
        "exception": "ValueError",
        "message": "no",
        "frames": ["line 3, in optimize"],
        "output": "hello\n",
    }
    html = shown({"problem": PROBLEM}, {"answer": ANSWER}, {"run": failed}, {"done": True})
    for expected in (
        kind,
        verdict,
        "forbidden system call",
        "ValueError: no",
        "line 3, in optimize",
        "hello",
    ):
        assert expected in html


def test_what_goes_on_is_told() -> None:
    assert "is read" in shown()
    assert "the shipped model writes" in shown({"problem": PROBLEM})
    progress = {"progress": {"run": 0, "evals": 250, "best": 2.0}}
    assert "run 1 of 3: 250 of 1000 evaluations, best f = 2" in shown(
        {"problem": PROBLEM}, {"answer": ANSWER}, progress, runs=3
    )
    assert "no such file" in shown({"error": "no such file"})


def test_nothing_of_a_stranger_becomes_markup_or_a_template() -> None:
    evil = '<img src=x onerror="alert(1)"> ${alert(1)} {{value}} </pre><script>alert(1)</script>'
    failed = (
        RUN
        | dict.fromkeys(("verdict", "reason", "exception", "message", "output"), evil)
        | {"frames": [evil]}
    )
    answer = ANSWER | {"optimizer": evil, "config": {evil: evil}, "warning": evil, "serves": False}
    for html in (
        shown({"problem": PROBLEM}, {"answer": answer}, {"run": failed}, {"done": True}),
        shown({"error": evil}),
    ):
        assert "<img" not in html and "<script" not in html and "${" not in html and "{{" not in html
        assert "&lt;script&gt;" in html


def test_the_plot_is_an_svg_in_the_pages_own_colour() -> None:
    traces = [RUN["trace"], [(5, 300.0), (50, 2.5)], []]
    for several in (traces[:1], traces):
        svg = convergence(several, [900, 1000, 10][: len(several)], PROBLEM)
        ElementTree.fromstring(svg)
        assert "currentColor" in svg and INK not in svg and "#000000" not in svg
        assert "<script" not in svg and "http://" not in re.sub(
            r'xmlns(:\w+)?="[^"]*"|<metadata>.*</metadata>', "", svg, flags=re.S
        )


@pytest.mark.parametrize(
    "trace",
    [
        [(1, 0.0)],
        [(1, -1e300), (2, -1.5e300)],
        [(1, 1e-300)],
        [(3, 5.0), (4, -5.0)],
        [(1, 1e308), (9, -1e308)],
    ],
)
def test_any_finite_values_can_be_drawn(trace: list[tuple[int, float]]) -> None:
    for f_star in (None, 0.0, -3.0):
        ElementTree.fromstring(convergence([trace], [10], PROBLEM | {"f_star": f_star}))


def test_what_cannot_be_sent_is_shown_as_an_escape() -> None:
    odd = "a\ud800b\x1b[31mc\0d\x85"
    html = shown({"error": odd})
    assert "a\\ud800b\\x1b[31mc\\x00d\\x85" in html
    page = view.ResultView(Job("p"))
    page.receive({"answer": ANSWER | {"program": odd + "\n\tx"}})
    html.encode() and page.program.encode()
    assert page.program.endswith("\n\tx") and "\\ud800" in page.program
    assert "&lt;b&gt;" in view.refused("<b>") and "lm-bad" in view.refused("<b>")


def test_a_word_that_says_nothing_changes_nothing() -> None:
    progress = {"progress": {"run": 0, "evals": 250, "best": 2.0}}
    lines = ({"problem": PROBLEM}, {"answer": ANSWER}, progress)
    assert shown(*lines, {"progress": {"seconds": 3.0}}) == shown(*lines)
