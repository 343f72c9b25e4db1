"""The metric for ``evaluate.load("metrics/llamoco")``: it scores models that write optimizers."""

import os
from typing import Any

import datasets
import evaluate

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.runs import Prediction, Runner
from llamoco.metrics.summary import score

DESCRIPTION = """\
Runs optimizer programs on optimization problems, confined, with the objective and the count of evaluations on
the evaluator's side, and computes error rate (err), recovery cost (rec), optimization performance (perf) and
computational overhead (comp) of the LLaMoCo paper, and beside them the anytime score (a3), faithfulness
(faith) and the share of suitable optimizers (r_acc).
"""

INPUTS = """\
Args:
    predictions: completions (they define ``optimize``) or whole scripts (they state the problem too).
    references: for each, its problem as JSON: the column ``problem`` of the dataset.
    runs: runs of each prediction, 5 in the paper.
    seed: integer from which the seeds of the runs are drawn.
    repairs: for each prediction, the program after one repair turn, or None.
    tokens: for each prediction, tokens in and out together.
    allow_unsafe_execution: run programs even where the system cannot confine them (macOS, Windows, old
    kernels).
Returns:
    err, rec, perf, comp, a3, faith, r_acc: floats, or None where there is nothing to take a mean of.
    verdicts: runs by verdict. tier: how programs were confined: A, B or C. records: one dict a run.
Examples:
    >>> import os
    >>> os.environ["HF_ALLOW_CODE_EVAL"] = "1"
    >>> metric = evaluate.load("metrics/llamoco")
    >>> result = metric.compute(predictions=[completion], references=[problem_json], runs=5)
    >>> result["err"], result["perf"]
"""

CITATION = """\
@article{ma2024llamoco,
  title = {LLaMoCo: Instruction Tuning of Large Language Models for Optimization Code Generation},
  author = {Ma, Zeyuan and Gong, Yue-Jiao and Guo, Hongshu and Chen, Jiacheng and Ma, Yining and Cao, Zhiguang
            and Zhang, Jun},
  journal = {arXiv preprint arXiv:2403.01131},
  year = {2024},
}
"""

WARNING = """\
This metric runs the programs it is given: code that a model wrote. They are confined as far as the system
allows, by resource limits, seccomp, Landlock and, where it works, bubblewrap; "tier" in the result says
which. If you agree, set the environment variable HF_ALLOW_CODE_EVAL to 1, for instance with

    import os
    os.environ["HF_ALLOW_CODE_EVAL"] = "1"
"""


class Llamoco(evaluate.Metric):
    """Error rate, recovery cost, performance, overhead and more, by running programs."""

    def _info(self) -> evaluate.MetricInfo:
        text = datasets.Value("string")
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation=CITATION,
            inputs_description=INPUTS,
            features=datasets.Features({"predictions": text, "references": text}),
        )

    def compute(
        self, *, predictions: Any = None, references: Any = None, **kwargs: Any
    ) -> dict[str, Any] | None:
        """Check what was given, which the base class would do with messages about Arrow, then compute."""
        if predictions is not None or references is not None:
            _check(predictions, references)
        result: dict[str, Any] | None = super().compute(
            predictions=predictions, references=references, **kwargs
        )
        return result

    def _compute(
        self,
        predictions: list[str],
        references: list[str],
        runs: int = 5,
        seed: int = 0,
        repairs: list[str | None] | None = None,
        tokens: list[int] | None = None,
        allow_unsafe_execution: bool = False,
    ) -> dict[str, Any]:
        if os.environ.get("HF_ALLOW_CODE_EVAL", "0") != "1":
            raise ValueError(WARNING)
        _check(predictions, references)
        if runs < 1:
            raise ValueError(f"runs has to be at least 1, got {runs}")
        for name, given in (("repairs", repairs), ("tokens", tokens)):
            if given is not None and len(given) != len(predictions):
                raise ValueError(
                    f"{name} has {len(given)} entries for {len(predictions)} predictions: give one each"
                )
        for number, repair in enumerate(repairs or []):
            if not isinstance(repair, str | None):
                raise ValueError(
                    f"repairs[{number}] is of type {type(repair).__name__}: give a program's text, or None"
                )
        problems = [_problem(number, text) for number, text in enumerate(references)]
        given_repairs = repairs or [None] * len(predictions)
        jobs = [Prediction(*parts) for parts in zip(predictions, problems, given_repairs, strict=True)]
        with Runner(runs, seed, allow_unsafe_execution) as runner:
            return score(jobs, tokens, runner)


def _check(predictions: Any, references: Any) -> None:
    for name, given in (("predictions", predictions), ("references", references)):
        if not isinstance(given, list | tuple) or not given:
            raise ValueError(f"{name} has to be a list with at least one entry, got {given!r:.60}")
        for number, text in enumerate(given):
            if not isinstance(text, str):
                kind = "a program's text" if name == "predictions" else "a problem as JSON text"
                raise ValueError(f"{name}[{number}] is of type {type(text).__name__}: give {kind}")
    if len(predictions) != len(references):
        raise ValueError(
            f"{len(predictions)} predictions for {len(references)} references: give one problem for each"
        )


def _problem(number: int, text: str) -> Problem:
    try:
        return Problem.from_json(text)
    except ProblemError as error:
        raise ValueError(f"references[{number}]: {error}. Give the dataset's column 'problem'.") from error
