"""Metric for ``evaluate.load("metrics/llamoco")``: scores of models that write optimizers."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import datasets
import evaluate
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics import inputs
from llamoco.metrics.runner import Prediction, Runner
from llamoco.metrics.summary import score

DESCRIPTION = """\
Runs optimizer programs on optimization problems, confined, with the objective and the count of evaluations on
the evaluator's side, and computes error rate (err), recovery cost (rec), optimization performance (perf) and
computational overhead (comp) of the LLaMoCo paper, and also the anytime score (aocc), faithfulness
(faith), the share of suitable optimizers (r_acc), hit rates, and 95% intervals by resampling problems.
"""

INPUTS = """\
Args:
    predictions: list of texts: completions (they define ``optimize``) or whole scripts (they state the problem
        too). A text that is not a program, even an empty one, counts as a program that fails; so does one of more than
        100,000 characters.
    references: for each, its problem as JSON: the column ``problem`` of the dataset. The Python of one of kind source
        runs with your rights, in a process of its own, which is ended with its prediction. Where it raises, exits,
        or takes more than 60 s for a point or an hour in all, its runs are of verdict harness_error: in no score.
    runs: runs of each prediction, 5 in the paper.
    seed: from 0 to 2**63 - 1; the seeds of the runs are drawn from it. The same call gives the same scores.
    repairs: for each prediction, the program after one repair turn, or None.
    tokens: for each prediction, tokens in and out together.
    allow_unsafe_execution: run programs even where the system cannot confine them (macOS, Windows, old
        kernels).
    workers: programs run at the same time; None for one per processor. Scores do not depend on it.
    progress: show a bar with the time left, where stderr is a terminal or a notebook and neither
        ``datasets.disable_progress_bars()`` nor ``evaluate.disable_progress_bar()`` was called.
Returns:
    err, rec, perf, comp, aocc, faith, r_acc, budget_exceeded: floats, or None where there is nothing to take a mean
    of (perf and aocc: no reference has both f0 and f_star). hit_rates: share of runs within a relative gap of
    1e-1, 1e-2, 1e-3. intervals: [low, high] by score. paper: err, rec, perf, comp as the paper defines them.
    verdicts: runs by verdict. tier: how programs were confined: A, B or C. records: one dict for each run, in the
    order of the predictions.
Raises:
    ValueError: if an argument is of another form, naming it and the place in it, or HF_ALLOW_CODE_EVAL is not 1;
        nothing has run then.
    RuntimeError: if programs cannot be confined here and allow_unsafe_execution is not given, or worker processes
        die; the message says what to do.
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

    # Of the base class: the files that pairs are kept in until they are computed.
    filelocks: list[Any] | None
    file_paths: list[str] | None

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation=CITATION,
            inputs_description=INPUTS,
            features=datasets.Features(
                {
                    "predictions": datasets.Value("string", id="program"),
                    "references": datasets.Value("string", id="problem"),
                }
            ),
            homepage="https://arxiv.org/abs/2403.01131",
            license="Apache-2.0",
            reference_urls=["https://arxiv.org/abs/2403.01131"],
        )

    def add(self, *, prediction: Any = None, reference: Any = None, **kwargs: Any) -> None:
        """Keep one program and its problem for ``compute``.

        Args:
            prediction: the program.
            reference: its problem as JSON.
            **kwargs: what ``evaluate.combine`` calls them, predictions and references.
        """
        one = {"predictions": prediction, "references": reference} | kwargs
        self.add_batch(**{name: [value] for name, value in one.items()})

    def add_batch(self, *, predictions: Any = None, references: Any = None, **kwargs: Any) -> None:
        """Keep programs and their problems for ``compute``.

        Args:
            predictions: programs.
            references: their problems as JSON.
            **kwargs: none; there are no other inputs.
        """
        programs, problems = inputs.check_pairs(predictions, references)
        super().add_batch(predictions=programs, references=problems, **kwargs)

    def compute(
        self,
        *,
        predictions: Any = None,
        references: Any = None,
        runs: int = 5,
        seed: int = 0,
        repairs: Sequence[str | None] | None = None,
        tokens: Sequence[int] | None = None,
        allow_unsafe_execution: bool = False,
        workers: int | None = None,
        progress: bool = True,
    ) -> dict[str, Any] | None:
        """Run the programs, those kept by ``add`` and ``add_batch`` before those given here, and score them.

        None where ``evaluate`` was told that another process computes.
        """
        if os.environ.get("HF_ALLOW_CODE_EVAL", "0") != "1":
            raise ValueError(WARNING)
        given = predictions is not None or references is not None
        programs, problems = inputs.check_pairs(predictions, references) if given else (None, None)
        options: dict[str, Any] = {
            "runs": inputs.check_int("runs", runs, 1, inputs.MAX_RUNS),
            "seed": inputs.check_int("seed", seed, 0, inputs.MAX_SEED),
            "repairs": None if repairs is None else inputs.check_repairs(repairs),
            "tokens": None
            if tokens is None
            else [
                inputs.check_int(f"tokens[{i}]", count, 0, inputs.MAX_TOKENS)
                for i, count in enumerate(inputs.check_list("tokens", tokens))
            ],
            "allow_unsafe_execution": allow_unsafe_execution,
            "workers": None
            if workers is None
            else inputs.check_int("workers", workers, 1, inputs.MAX_WORKERS),
            "progress": progress,
        }
        if self.num_process == 1:
            inputs.check_lengths(len(self) + len(programs or ()), options)
        try:
            result: dict[str, Any] | None = super().compute(
                predictions=programs, references=problems, **options
            )
        except BaseException:
            # The base class would keep them, locked.
            for lock, path in zip(self.filelocks or (), self.file_paths or (), strict=True):
                with suppress(FileNotFoundError):
                    os.remove(path)
                lock.release()
            raise
        finally:
            self.filelocks = self.file_paths = None
        return result

    def _compute(
        self,
        predictions: Sequence[str],
        references: Sequence[str],
        runs: int,
        workers: int | None,
        progress: bool,
        **options: Any,
    ) -> dict[str, Any]:
        inputs.check_lengths(len(predictions), options)
        read = {text: Problem.from_json(text) for text in set(references)}
        repairs = options["repairs"] or [None] * len(predictions)
        jobs = [
            Prediction(program, read[text], repair)
            for program, text, repair in zip(predictions, references, repairs, strict=True)
        ]
        unsafe = options["allow_unsafe_execution"]
        with (
            Runner(runs, options["seed"], unsafe, workers=workers) as runner,
            _bar(runs * len(jobs), progress) as advance,
        ):
            return score(jobs, options["tokens"], runner, on_done=lambda: advance(runs))


@contextmanager
def _bar(total: int, wanted: bool) -> Iterator[Callable[[int], None]]:
    """Show a progress bar where somebody can see it.

    Args:
        total: number of runs.
        wanted: whether the caller wants one.

    Yields:
        A function to be called with the number of further runs done.
    """
    console = Console(stderr=True)
    allowed = evaluate.is_progress_bar_enabled() and not datasets.are_progress_bars_disabled()
    shown = wanted and allowed and (console.is_terminal or console.is_jupyter)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not shown) as bar:
        task = bar.add_task("running programs", total=total)
        yield lambda runs: bar.advance(task, runs)
