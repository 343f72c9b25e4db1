"""Patterns of LaTeX documents: textbooks, papers, notes, forums."""

from __future__ import annotations

from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.latex.bounds_and_budget import bounds, budget
from llamoco.dataset_builder.prompts.latex.parts import Parts, WrittenDefinition
from llamoco.dataset_builder.prompts.latex.sentences import dollars, join, sentence
from llamoco.dataset_builder.prompts.unrolling import unroll

EXPANDED_DIM = 5  # up to here people write a formula variable by variable
EXPANDED_LENGTH = 1600  # characters


def explicit(problem: Problem, rng: PortableRng) -> str:
    """Formulas variable by variable, as textbooks print design problems; sums where there are many."""
    if problem.dim <= EXPANDED_DIM:
        whole = unroll(problem.system, EXPANDED_DIM)
        text = _equations(Parts(problem, rng, rng.chance(0.5), False, system=whole))
        if len(text) <= EXPANDED_LENGTH:
            return text
    return _equations(Parts(problem, rng, rng.chance(0.5), False))


def _equations(parts: Parts) -> str:
    rng = parts.rng
    display = rng.choice((("\\[", "\\]"), ("$$", "$$"), ("\\begin{equation}", "\\end{equation}")))

    def shown(formula: str) -> str:
        return f"{display[0]}\n{formula}\n{display[1]}"

    opening = rng.choice(("Minimize", "Minimise", "Find the variables that minimize"))
    lines = [opening, shown(f"{parts.f} = {parts.objective()}")]
    conditions = parts.named_constraints() if rng.chance(0.6) else parts.constraints()
    if conditions:
        lines += [rng.choice(("subject to", "Subject to:", "such that")), *map(shown, conditions)]
    lines.append(f"{rng.choice(('with bounds', 'and', 'for'))} {dollars(bounds(parts))}.")
    lines.append(sentence(rng, "where", [*parts.functions(), *parts.definitions()]))
    return join([*lines, budget(parts)])


def vectors(problem: Problem, rng: PortableRng) -> str:
    """Vectors and columns, norms and inner products."""
    parts = Parts(problem, rng, rng.chance(0.3), True, matrices=True)
    minimize = rng.choice(("\\min", "\\operatorname*{minimize}", "\\text{minimize}"))
    rows = [
        f"{minimize}_{{{parts.x} \\in \\mathbb{{R}}^{{{problem.dim}}}}}\\quad & {parts.f} = {parts.objective()}"
    ]
    conditions = parts.constraints()
    for k, condition in enumerate(conditions):
        rows.append(("\\text{s.t.}\\quad & " if k == 0 else "& ") + condition)
    star = rng.choice(("", "*"))
    body = " \\\\\n".join(rows)
    display = f"\\begin{{align{star}}}\n{body}\n\\end{{align{star}}}"
    formulas = [*parts.functions(), *parts.definitions()]
    if rng.chance(0.5):
        texts = [f.text for f in formulas]
        where = "with\n\\begin{gather*}\n" + " \\\\\n".join(texts) + "\n\\end{gather*}" if texts else ""
    else:
        where = sentence(rng, "Here", formulas)
    limits = f"{rng.choice(('Bounds:', 'The box is', 'We restrict the search to'))} {dollars(bounds(parts))}."
    return join([display, where, *rng.shuffled([limits, budget(parts)])])


def subject(problem: Problem, rng: PortableRng) -> str:
    """Constraints by number only, g_j(x) <= 0, and defined further down."""
    parts = Parts(problem, rng, False, False)
    short, defined = parts.numbered_constraints()
    words = rng.choice(
        (("\\mbox{minimize}", "\\mbox{subject to}"), ("\\text{Minimize}", "\\text{Subject to}"))
    )
    rows = [f"{words[0]} & {parts.f} = {parts.objective()}"]
    for k, condition in enumerate([*short, *bounds(parts)]):
        rows.append((f"{words[1]} & " if k == 0 else " & ") + condition)
    display = "\\[\n\\begin{array}{ll}\n" + " \\\\\n".join(rows) + "\n\\end{array}\n\\]"
    shown = [f.text for f in (*parts.functions(), *defined)]
    equations = "where\n\\begin{align*}\n" + " \\\\\n".join(shown) + "\n\\end{align*}" if shown else ""
    rest = sentence(rng, rng.choice(("and", "with", "Moreover,")), parts.definitions())
    return join([display, equations, rest, budget(parts)])


def paper(problem: Problem, rng: PortableRng) -> str:
    """A whole document with macros, labels and sections."""
    parts = Parts(problem, rng, rng.chance(0.3), rng.chance(0.3))
    macros = ["\\newcommand{\\R}{\\mathbb{R}}"]
    bold = parts.x.startswith("\\")
    if bold:
        macros.append(f"\\newcommand{{\\vx}}{{{parts.x}}}" if rng.chance(0.5) else f"\\def\\vx{{{parts.x}}}")
    heading = rng.choice(("Problem formulation", "Test problem", "The optimization problem", "Case study"))
    conditions = parts.named_constraints()
    body = [f"\\section{{{heading}}}"]
    body.append(
        rng.choice(
            (
                f"We consider the minimization of a function of ${parts.size} = {problem.dim}$ variables,"
                if parts.lettered_size
                else f"We consider the minimization of a function of {problem.dim} variables,",
                "The design vector $\\vx$ is to be chosen such that the following objective is minimal:",
                "Let $\\vx \\in \\R^{@}$. We study the problem".replace("@", str(problem.dim)),
            )
        )
    )
    label = rng.choice(("\\label{eq:f}", ""))
    body.append(
        f"\\begin{{equation}}{label}\n\\min_{{\\vx}}\\; {parts.f} = {parts.objective()}\n\\end{{equation}}"
    )
    if conditions:
        rows = " \\\\\n".join(conditions)
        body.append(f"subject to\n\\begin{{gather}}\n{rows}\n\\end{{gather}}")
    body.append(sentence(rng, "where", [*parts.functions(), *parts.definitions()]))
    body.append(
        f"{rng.choice(('The feasible box is', 'The variables are bounded by'))} {dollars(bounds(parts))}."
    )
    body.append(budget(parts))
    text = join(body)
    text = text.replace(parts.x, "\\vx") if bold else text.replace("\\vx", parts.x)
    if rng.chance(0.6):
        preamble = "\\documentclass{article}\n\\usepackage{amsmath,amssymb}"
        return join([preamble, *macros, "\\begin{document}", text + "\\end{document}"])
    return join([*macros, text.rstrip()])


def notes(problem: Problem, rng: PortableRng) -> str:
    """Notes in few words, perhaps in another language."""
    parts = Parts(problem, rng, rng.chance(0.6), rng.chance(0.3))
    language = rng.choice(("terse", "german", "french", "spanish"), (5, 1, 1, 1))
    words = {
        "terse": ("min", "s.t.", "with", "box"),
        "german": ("Gesucht ist das Minimum von", "Nebenbedingungen:", "mit", "Schranken:"),
        "french": ("On minimise", "sous les contraintes", "avec", "bornes :"),
        "spanish": ("Minimizar", "sujeto a", "con", "cotas:"),
    }[language]
    start = (
        f"$\\min\\; {parts.f} = {parts.objective()}$"
        if words[0] == "min"
        else f"{words[0]} ${parts.f} = {parts.objective()}$"
    )
    lines = [start]
    conditions = parts.constraints()
    if conditions:
        lines.append(f"{words[1]} " + ", ".join(f"${c}$" for c in conditions))
    formulas = [*parts.functions(), *parts.definitions()]
    if formulas:
        lines.append(f"{words[2]} " + ", ".join(f"${f.text}$" for f in formulas))
    lines.append(f"{words[3]} " + ", ".join(f"${b}$" for b in bounds(parts)))
    lines = [lines[0], *rng.shuffled([*lines[1:], budget(parts, language)])]
    return join(lines) if rng.chance(0.5) else " \\\\\n".join(lines) + "\n"


def forum(problem: Problem, rng: PortableRng) -> str:
    """A question in a forum."""
    parts = Parts(problem, rng, rng.chance(0.4), rng.chance(0.3))
    hello = rng.choice(
        (
            "Hi all, I'm stuck with this one.",
            "Hello everybody,",
            "For my thesis I need the minimum of a function and my own code gets nowhere.",
            "Which solver would you use here?",
        )
    )
    lead = rng.choice(
        ("I want to minimize", "The thing to minimise is", "My objective (smaller is better) is")
    )
    lines = [hello, f"{lead}\n$${parts.f} = {parts.objective()}$$"]
    formulas = [*parts.functions(), *parts.definitions()]
    lines.append(sentence(rng, rng.choice(("with", "In there", "My notation:")), formulas))
    conditions = parts.constraints()
    if conditions:
        lines.append(
            f"{rng.choice(('It has to satisfy', 'My constraints are', 'I also need'))} {dollars(conditions)}."
        )
    lines.append(
        f"{rng.choice(('The variables live in', 'Bounds are', 'I know that'))} {dollars(bounds(parts))}."
    )
    slow = rng.choice(("", "Each evaluation takes a while. ", "It is a simulation, so calls are expensive. "))
    thanks = rng.choice(("Thanks!", "Any help is appreciated.", "Cheers", ""))
    return join([*lines, slow + budget(parts), thanks])


def system(problem: Problem, rng: PortableRng) -> str:
    """Constraints and definitions as systems with a brace."""
    parts = Parts(problem, rng, rng.chance(0.4), rng.chance(0.3))
    opening = rng.choice(("Find the solution of", "Problem $(P)$:", "Consider", ""))
    lines = [opening, f"\\[ \\min_{{{parts.x}}}\\ {parts.f} = {parts.objective()} \\]"]
    named = rng.chance(0.5)
    rows = [*(parts.named_constraints() if named else parts.constraints()), *bounds(parts)]
    lines += ["subject to the system", _braced(rng, rows)]
    definitions: list[WrittenDefinition] = [*parts.functions(), *parts.definitions()]
    if definitions:
        lines += ["where", _braced(rng, [f.text for f in definitions])]
    return join([*lines, budget(parts)])


def _braced(rng: PortableRng, rows: list[str]) -> str:
    body = " \\\\\n".join(rows)
    if rng.chance(0.5):
        return f"\\[\n\\begin{{cases}}\n{body}\n\\end{{cases}}\n\\]"
    return f"\\[\n\\left\\{{\\begin{{array}}{{l}}\n{body}\n\\end{{array}}\\right.\n\\]"
