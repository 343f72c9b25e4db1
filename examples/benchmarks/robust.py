"""One program for the whole budget, or several that share it: rules compared on problems as people bring them, and on the test split.

    python examples/benchmarks/robust.py runs/robust [--seeds 3] [--split-seeds 1] [--only kinds|split|"held out"] [--rules RULE ...]

Resumes by itself: each line of ``runs.jsonl`` is one run; ``robust_record.py`` makes tables of them. The problems of people are those in
``kinds`` and, not looked at until the rule was chosen, ``kinds_unseen``: penalties, counting constraints, rounding, kinks, jumps, tables, simulations. There the bar is what scipy's differential_evolution (with its polish) and pycma reach with the same budget.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from llamoco.dataset_builder.analysis import baseline_solvers
from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS, read_labels
from llamoco.dataset_builder.benchmark.labels import Label
from llamoco.dataset_builder.optimizers.configuration import configuration_for
from llamoco.dataset_builder.optimizers.pool import render
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.oracle import BudgetExceeded, Oracle
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.scores import aocc, w
from llamoco.dataset_builder.prompts.instruction_set import is_for_calibration
from llamoco.dataset_builder.prompts.prompt import PROMPT_LIMIT, make_prompt
from llamoco.dataset_builder.prompts.rows import rows_of_problem
from llamoco.modeling.solving.answer import Answer
from llamoco.modeling.solving.in_process import InProcessRunner
from llamoco.modeling.solving.portfolio import Turn, take_turns
from llamoco.modeling.solving.solution import Solution

# Problems of people that rules were chosen on, and others, on which what was chosen ran once.
FOLDERS = {
    kind: Path(__file__).resolve().parent / folder
    for kind, folder in (("kinds", "kinds"), ("unseen", "kinds_unseen"))
}
TOOLS = {"scipy DE": baseline_solvers.scipy_de, "pycma": baseline_solvers.pycma}
TIME_LIMIT = 300.0

# Each turn: a program ("model" is the model's answer), the share of the budget, and the radius around the best point.
Turns = tuple[tuple[str, float, float | None], ...]
RULES: dict[str, Turns] = {
    "one program": (("model", 1.0, None),),
    "model 75, COBYLA from its best 25": (("model", 0.75, None), ("cobyla", 0.25, 0.1)),
    "DE 70, COBYLA 30": (("de", 0.7, None), ("cobyla", 0.3, 0.1)),
    "DE (CR .9) 70, COBYLA 30": (("de9", 0.7, None), ("cobyla", 0.3, 0.1)),
    "CMA-ES 70, COBYLA 30": (("cma_es", 0.7, None), ("cobyla", 0.3, 0.1)),
    "Corana SA 70, COBYLA 30": (("corana_sa", 0.7, None), ("cobyla", 0.3, 0.1)),
    "DE, CMA-ES, COBYLA": (("de", 0.35, None), ("cma_es", 0.35, None), ("cobyla", 0.3, 0.1)),
    "model, DE, COBYLA": (("model", 0.35, None), ("de", 0.4, None), ("cobyla", 0.25, 0.1)),
    "model, CMA-ES, COBYLA": (("model", 0.35, None), ("cma_es", 0.4, None), ("cobyla", 0.25, 0.1)),
    "model, DE, CMA-ES, COBYLA": (
        ("model", 0.25, None),
        ("de", 0.3, None),
        ("cma_es", 0.25, None),
        ("cobyla", 0.2, 0.1),
    ),
    "CMA-ES, model, COBYLA": (("cma_es", 0.4, None), ("model", 0.35, None), ("cobyla", 0.25, 0.1)),
    "model 20, CMA-ES 55, COBYLA": (("model", 0.2, None), ("cma_es", 0.55, None), ("cobyla", 0.25, 0.1)),
    "model, CMA-ES, COBYLA in 3%": (("model", 0.35, None), ("cma_es", 0.4, None), ("cobyla", 0.25, 0.03)),
    "model, CMA-ES, COBYLA in 30%": (("model", 0.35, None), ("cma_es", 0.4, None), ("cobyla", 0.25, 0.3)),
    "model, CMA-ES, model in 10%": (("model", 0.35, None), ("cma_es", 0.4, None), ("model", 0.25, 0.1)),
    "model, CMA-ES, CMA-ES in 10%": (("model", 0.35, None), ("cma_es", 0.4, None), ("cma_es", 0.25, 0.1)),
    "CMA-ES, model, CMA-ES in 10%": (("cma_es", 0.4, None), ("model", 0.35, None), ("cma_es", 0.25, 0.1)),
    "model, DE, CMA-ES in 10%": (("model", 0.35, None), ("de", 0.35, None), ("cma_es", 0.3, 0.1)),
    "model, CMA-ES, CMA-ES in 30%": (("model", 0.35, None), ("cma_es", 0.4, None), ("cma_es", 0.25, 0.3)),
    "model, DE, CMA-ES, CMA-ES in 10%": (
        ("model", 0.25, None),
        ("de", 0.3, None),
        ("cma_es", 0.25, None),
        ("cma_es", 0.2, 0.1),
    ),
    "model, CMA-ES, DE in 20%": (("model", 0.3, None), ("cma_es", 0.35, None), ("de", 0.35, 0.2)),
    "model 20, DE 40, CMA-ES in 10%": (("model", 0.2, None), ("de", 0.4, None), ("cma_es", 0.4, 0.1)),
    "CMA-ES 40, DE 35, COBYLA 25": (("cma_es", 0.4, None), ("de", 0.35, None), ("cobyla", 0.25, 0.1)),
    "DE alone": (("de", 1.0, None),),
    "CMA-ES alone": (("cma_es", 1.0, None),),
}
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {"de9": ("de", {"POP_SIZE": 20, "F": 0.5, "CR": 0.9})}
SERVES_UNCONSTRAINED_ONLY = {"corana_sa": "simulated_annealing"}


@dataclass(frozen=True)
class Case:
    """A problem, and what the model answers to it.

    Attributes:
        name: of the file, or the problem's id.
        kind: "kinds" or "unseen" (see ``FOLDERS``), "split" (the test split) or "held out" (training problems that no model is trained on).
        completion: the model's answer.
        confidence: of the answer, calibrated.
        prompt: what the model saw.
    """

    name: str
    kind: str
    completion: str
    confidence: float
    prompt: str


def problem_of(case: Case, split: dict[str, Problem]) -> Problem:
    """The problem of a case."""
    return load_problem(FOLDERS[case.kind] / f"{case.name}.py") if case.kind in FOLDERS else split[case.name]


def labels_of(limit: int | None) -> list[tuple[str, Label]]:
    """Labels of the test split ("split"), and of training problems that no model is trained on ("held out")."""
    labels = read_labels(SHIPPED_LABELS).labels
    test = [("split", label) for label in labels if label.split == "test"]
    own = [
        ("held out", label)
        for label in labels
        if label.split == "train" and is_for_calibration(label.problem.id)
    ]
    return [*test[:limit], *own[:limit]]


def split_problems() -> dict[str, Problem]:
    """Problems of both by id."""
    return {label.problem.id: label.problem for _, label in labels_of(None)}


def ask(folder: Path, limit: int | None) -> list[Case]:
    """What the model answers; asked once."""
    path = folder / "answers.json"
    if path.exists():
        return [Case(**case) for case in json.loads(path.read_text())]
    from llamoco.modeling.generation.engines import load_generator

    generator = load_generator()
    assert generator.calibration is not None
    asked = [
        (file.stem, kind, make_prompt(load_problem(file), PROMPT_LIMIT)[0])
        for kind, folder in FOLDERS.items()
        for file in sorted(folder.glob("*.py"))
    ]
    for kind, label in labels_of(limit):
        try:
            row = rows_of_problem(label.problem, label.optimizer, label.config, 0, 1)[0]
        except ProblemError:  # too long for the set
            continue
        asked.append((label.problem.id, kind, row["prompt"]))
    cases = []
    for number, (name, kind, prompt) in enumerate(asked):
        [found] = generator.answer_within_pool([generator.truncate_prompt(prompt)])
        confidence = generator.calibration(found.confidence or 0.0)
        cases.append(Case(name, kind, found.completion, confidence, prompt))
        if number % 50 == 0:
            print(f"answers: {number} of {len(asked)}", file=sys.stderr, flush=True)
    path.write_text(json.dumps([case.__dict__ for case in cases]))
    return cases


def answer_of(case: Case, problem: Problem) -> Answer:
    """The model's answer to a case."""
    name = case.completion.split("\n", 1)[0].rsplit(" ", 1)[1]
    return Answer(problem, case.completion, "", name, {}, "", None, 0.0, None)


def named(answer: Answer, name: str) -> Answer:
    """A program of a rule."""
    if name == "model":
        return answer
    problem = answer.problem
    if problem.constrained:
        name = SERVES_UNCONSTRAINED_ONLY.get(name, name)
    name, more = VARIANTS.get(name, (name, {}))
    constants = configuration_for(name, problem.dim, problem.max_evals, problem.constrained) | more
    completion = f"# a program of a rule; optimizer: {name}\n{render(name, constants)}"
    return Answer(problem, completion, "", name, constants, "", None, 0.0, None)


def by_rule(rule: str, case: Case, problem: Problem, seed: int) -> Solution:
    """What a rule finds."""
    own = answer_of(case, problem)
    turns = [Turn(named(own, name), share, radius) for name, share, radius in RULES[rule]]
    return take_turns(turns, InProcessRunner(), seed, TIME_LIMIT).best


def by_tool(tool: str, problem: Problem, seed: int) -> float | None:
    """The best feasible objective of a tool within the budget."""
    oracle = Oracle(problem)
    try:
        with np.errstate(all="ignore"):
            TOOLS[tool](
                oracle.objective,
                problem.lower_array,
                problem.upper_array,
                problem.max_evals,
                seed,
                oracle.inequality,
                oracle.equality,
            )
    except BudgetExceeded:
        pass
    return None if oracle.best_x is None else oracle.best_f


_SPLIT: dict[str, Problem] = {}


def run(case: Case, name: str, seed: int) -> dict[str, Any]:
    """One run of a rule or a tool, as a line."""
    if case.kind not in FOLDERS and not _SPLIT:
        _SPLIT.update(split_problems())
    problem = problem_of(case, _SPLIT)
    line: dict[str, Any] = {"case": case.name, "kind": case.kind, "rule": name, "seed": seed}
    if name in TOOLS:
        return line | {"f": by_tool(name, problem, seed)}
    best = by_rule(name, case, problem, 1000 * seed)
    line |= {"f": best.f if best.feasible else None, "evals": best.evals}
    if problem.f0 is not None and problem.f_star is not None:
        final = best.f if best.feasible and best.f is not None else float("inf")
        line["aocc"] = aocc(best.trace, problem.max_evals, problem.f0, problem.f_star)
        line["w"] = w(final, problem.f0, problem.f_star)
    return line


def main() -> None:
    """Make the runs that are missing."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--split-seeds", type=int, default=1)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--rules", nargs="*")
    parser.add_argument("--only", choices=(*FOLDERS, "split", "held out"))
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    cases = ask(arguments.folder, arguments.limit)
    path = arguments.folder / "runs.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    done = {(line["case"], line["rule"], line["seed"]) for line in lines}
    rules = arguments.rules or list(RULES)
    wanted = [
        (case, rule, seed)
        for case in cases
        if arguments.only in (None, case.kind)
        for seed in range(arguments.seeds if case.kind in FOLDERS else arguments.split_seeds)
        for rule in ([*rules, *TOOLS] if case.kind in FOLDERS else rules)
        if (case.name, rule, seed) not in done
    ]
    print(f"{len(wanted)} runs", file=sys.stderr)
    with ProcessPoolExecutor(arguments.workers) as executor, path.open("a") as file:
        running = [executor.submit(run, *one) for one in wanted]
        for number, future in enumerate(as_completed(running)):
            file.write(json.dumps(future.result()) + "\n")
            file.flush()
            if number % 200 == 0:
                print(f"runs: {number} of {len(wanted)}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
