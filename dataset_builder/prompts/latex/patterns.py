"""Writing patterns of problem files in LaTeX.

Each is read back by ``latex_file.read_latex`` and means the problem exactly.
"""

from __future__ import annotations

from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.latex.bounds_and_budget import bounds, budget
from llamoco.dataset_builder.prompts.latex.documents import (
    explicit,
    forum,
    notes,
    paper,
    subject,
    system,
    vectors,
)
from llamoco.dataset_builder.prompts.latex.parts import Parts
from llamoco.dataset_builder.prompts.latex.sentences import dollars, join, sentence
from llamoco.dataset_builder.prompts.pattern import Pattern


def align(problem: Problem, rng: PortableRng) -> str:
    """An aligned program with its constraints, definitions in a sentence after it."""
    parts = Parts(problem, rng, inline=rng.chance(0.4), vectors=False)
    minimize = rng.choice(("\\min", "\\text{minimize}", "\\operatorname*{minimize}"), (3, 1, 1))
    lines = [f"{minimize}_{{{parts.x}}} \\quad & {parts.f} = {parts.objective()}"]
    conditions = parts.named_constraints() if rng.chance(0.4) else parts.constraints()
    limits = bounds(parts)
    inside = rng.chance(0.6)
    conditions += limits if inside else []
    subject = rng.choice(("\\text{s.t.}", "\\text{subject to}", "\\mathrm{s.t.}"))
    for k, condition in enumerate(conditions):
        lines.append((f"{subject} \\quad & " if k == 0 else "& ") + condition)
    star = rng.choice(("*", ""))
    body = " \\\\\n".join(lines)
    formulas = [*parts.functions(), *parts.definitions()]
    where = sentence(rng, "where", formulas)
    rest = [] if inside else [f"The variables satisfy {dollars(limits)}."]
    opening = rng.choice(
        (
            "",
            "Consider the problem",
            "We want to solve",
            "Solve the following optimization problem.",
            "Problem:",
        )
    )
    tail = rng.shuffled([*rest, budget(parts)])
    return join([opening, f"\\begin{{align{star}}}\n{body}\n\\end{{align{star}}}", where, *tail])


def itemized(problem: Problem, rng: PortableRng) -> str:
    """Equation by equation, in a list, with named sub-functions."""
    parts = Parts(problem, rng, inline=False, vectors=rng.chance(0.3))
    items = [f"Objective: {rng.choice(('minimise', 'minimize'))} ${parts.f} = {parts.objective()}$"]
    functions = [f"${f.text}$" for f in parts.functions()]
    definitions = [f"${f.text}$" for f in parts.definitions()]
    if rng.chance(0.5):
        functions = ["Components: " + ", ".join(functions)] if functions else []
    if rng.chance(0.5):
        definitions = ["With " + "; ".join(definitions)] if definitions else []
    named = rng.chance(0.6)
    conditions = [f"${c}$" for c in (parts.named_constraints() if named else parts.constraints())]
    if conditions:
        conditions = ["Constraints: " + ", ".join(conditions)]
    order = rng.shuffled([definitions, conditions, [f"Bounds: {dollars(bounds(parts))}"], [budget(parts)]])
    items += functions
    for group in order:
        items += group
    kind = rng.choice(("itemize", "enumerate"))
    opening = rng.choice(
        ("An optimization problem:", "Specification", "\\section*{Problem}", "The task consists of:")
    )
    listed = "\n".join(f"\\item {item}" for item in items)
    return join([opening, f"\\begin{{{kind}}}\n{listed}\n\\end{{{kind}}}"])


def prose(problem: Problem, rng: PortableRng) -> str:
    """Running text with inline mathematics and vectors."""
    parts = Parts(problem, rng, inline=rng.chance(0.3), vectors=True)
    verb = rng.choice(
        ("minimise", "minimize", "find the point that minimises", "look for the global minimum of")
    )
    if "minimum" in verb:
        verb = "minimise"
    opening = rng.choice(("We want to", "The goal is to", "Our aim is to", "One has to"))
    space = rng.choice((" over $@$", " with respect to $@$", "")).replace("@", parts.x)
    display = rng.chance(0.4)
    formula = f"{parts.f} = {parts.objective()}"
    middle = f"\n\\[\n{formula}\n\\]" if display else f" ${formula}$."
    sentences = [f"{opening} {verb}{space} the function{middle}"]
    formulas = [*parts.functions(), *parts.definitions()]
    sentences.append(sentence(rng, rng.choice(("Here", "In this formula,", "Therein")), formulas))
    constraints = parts.constraints()
    if constraints:
        lead = rng.choice(("Feasible points satisfy", "The constraints are", "This is subject to"))
        sentences.append(f"{lead} {dollars(constraints)}.")
    lead = rng.choice(("The search space is given by", "All variables are bounded:", "Bounds:"))
    sentences += rng.shuffled([f"{lead} {dollars(bounds(parts))}.", budget(parts)])
    return join(sentences)


def program(problem: Problem, rng: PortableRng) -> str:
    """One dense display: the whole program in an array, definitions included."""
    parts = Parts(problem, rng, inline=rng.chance(0.5), vectors=rng.chance(0.3))
    rows = [f"\\min\\limits_{{{parts.x}}} & {parts.f} = {parts.objective()}"]
    conditions = [*(parts.named_constraints() if rng.chance(0.5) else parts.constraints()), *bounds(parts)]
    for k, condition in enumerate(conditions):
        rows.append(("\\text{s.t.} & " if k == 0 else " & ") + condition)
    for k, formula in enumerate([*parts.functions(), *parts.definitions()]):
        rows.append(("\\text{where} & " if k == 0 else " & ") + formula.text)
    body = " \\\\\n".join(rows)
    environment = rng.choice(("array", "aligned"))
    begin = f"\\begin{{{environment}}}" + ("{ll}" if environment == "array" else "")
    display = f"\\[\n{begin}\n{body}\n\\end{{{environment}}}\n\\]"
    parts_in_order = [display, budget(parts)]
    return join(parts_in_order if rng.chance(0.6) else parts_in_order[::-1])


PATTERNS: tuple[Pattern, ...] = (
    Pattern("latex_align", "latex", False, align),
    Pattern("latex_items", "latex", False, itemized),
    Pattern("latex_prose", "latex", False, prose),
    Pattern("latex_explicit", "latex", False, explicit),
    Pattern("latex_vectors", "latex", False, vectors),
    Pattern("latex_subject", "latex", False, subject),
    Pattern("latex_paper", "latex", False, paper),
    Pattern("latex_notes", "latex", False, notes),
    Pattern("latex_forum", "latex", False, forum),
    Pattern("latex_program", "latex", True, program),
    Pattern("latex_system", "latex", True, system),
)
