"""Comments as people write them in code, in several tones and languages.

A comment is drawn by tone (plain, terse, chatty, academic, or another language) and role.
"""

from __future__ import annotations

from llamoco.dataset_builder.problems.portable_rng import PortableRng

ROLES = (
    *("title", "bounds", "budget", "objective", "inequality", "equality", "constants", "component"),
    *("start", "integer", "step"),
)

TONES: dict[str, dict[str, tuple[str, ...]]] = {
    "plain": {
        "title": ("optimisation problem", "minimise objective(x)", "problem definition", "{dim} variables"),
        "bounds": ("bounds", "search space", "box constraints", "variable limits"),
        "budget": ("budget", "evaluations we can afford", "function evaluations"),
        "objective": ("objective to minimise", "f(x), to be minimised", "cost"),
        "inequality": ("g(x) <= 0", "inequality constraints, feasible if <= 0"),
        "equality": ("h(x) = 0", "equality constraints"),
        "constants": ("constants", "data", "given numbers"),
        "component": ("{name}", "{name} part", "{name} term"),
        "start": ("starting point", "initial guess"),
        "integer": ("whole numbers", "integer variables"),
        "step": ("step of each variable, 0: continuous", "sizes come in these steps"),
    },
    "terse": {
        "title": ("min f", "NLP, D={dim}", "opt", "D={dim}"),
        "bounds": ("lb/ub", "box", "lims"),
        "budget": ("max fevals", "fe", "nfe"),
        "objective": ("f", "obj", "min"),
        "inequality": ("g<=0", "ineq", "<= 0"),
        "equality": ("h=0", "eq", "== 0"),
        "constants": ("consts", "data"),
        "component": ("{name}",),
        "start": ("x0", "init"),
        "integer": ("int vars", "ints"),
        "step": ("dx", "steps"),
    },
    "chatty": {
        "title": (
            "ok so this is the thing we want to minimise",
            "my test case, {dim} variables, hope it makes sense",
            "copied from the notebook, should be right now",
        ),
        "bounds": ("don't look outside of this box", "sane ranges, I think", "each x has to stay in here"),
        "budget": ("every call is slow, so that's all we get", "please not more calls than this"),
        "objective": ("smaller is better!", "this is what hurts, make it small"),
        "inequality": ("all of these must be <= 0, otherwise it's no good", "negative means fine"),
        "equality": ("has to be (nearly) zero", "these must vanish"),
        "constants": ("magic numbers", "numbers from the last fit"),
        "component": ("here comes the {name} bit", "good old {name}"),
        "start": ("what we use today", "my best guess so far"),
        "integer": ("you cannot buy half of one", "no fractions here"),
        "step": ("the shop only has these sizes", "finer makes no sense"),
    },
    "academic": {
        "title": (
            "Nonlinear program in {dim} real variables.",
            "We consider min f(x) s.t. x in a box of R^{dim}.",
            "Test problem (minimisation).",
        ),
        "bounds": ("Feasible box [l, u].", "Simple bounds l <= x <= u."),
        "budget": ("Maximum number of objective evaluations.", "Evaluation budget."),
        "objective": ("Objective function f: R^n -> R.", "Returns f(x)."),
        "inequality": (
            "Inequality constraints g_i(x) <= 0.",
            "Returns the vector g(x); feasible iff g(x) <= 0.",
        ),
        "equality": ("Equality constraints h_j(x) = 0.", "Returns h(x); feasible iff h(x) = 0."),
        "constants": ("Problem data.", "Parameters."),
        "component": ("The {name} function.", "Cf. the {name} function."),
        "start": ("Initial iterate.", "Starting point of the search."),
        "integer": ("Indices of the integer variables.", "Integrality restrictions."),
        "step": ("Granularity of the variables.", "Admissible increments."),
    },
    "german": {
        "title": ("Optimierungsaufgabe mit {dim} Variablen", "zu minimieren: objective(x)"),
        "bounds": ("Schranken", "Suchraum"),
        "budget": ("erlaubte Auswertungen", "Budget"),
        "objective": ("Zielfunktion", "Kosten, minimieren"),
        "inequality": ("Nebenbedingungen, <= 0", "muss <= 0 sein"),
        "equality": ("Gleichungen, = 0", "muss 0 sein"),
        "constants": ("Daten", "Konstanten"),
        "component": ("{name}-Anteil", "Anteil: {name}"),
        "start": ("Startpunkt", "Anfangswert"),
        "integer": ("ganzzahlig", "nur ganze Zahlen"),
        "step": ("Schrittweite", "Raster"),
    },
    "french": {
        "title": ("problème à {dim} variables", "fonction à minimiser"),
        "bounds": ("bornes", "domaine de recherche"),
        "budget": ("nombre d'évaluations permis", "budget"),
        "objective": ("fonction objectif", "coût à minimiser"),
        "inequality": ("contraintes, <= 0", "doit être <= 0"),
        "equality": ("contraintes d'égalité, = 0", "doit être nul"),
        "constants": ("données", "constantes"),
        "component": ("terme {name}", "fonction {name}"),
        "start": ("point de départ", "valeur initiale"),
        "integer": ("variables entières", "nombres entiers"),
        "step": ("pas des variables", "pas"),
    },
    "spanish": {
        "title": ("problema de {dim} variables", "función a minimizar"),
        "bounds": ("límites", "espacio de búsqueda"),
        "budget": ("evaluaciones permitidas", "presupuesto"),
        "objective": ("función objetivo", "coste, a minimizar"),
        "inequality": ("restricciones, <= 0", "debe ser <= 0"),
        "equality": ("igualdades, = 0", "debe ser 0"),
        "constants": ("datos", "constantes"),
        "component": ("término {name}", "parte {name}"),
        "start": ("punto inicial", "valor de partida"),
        "integer": ("variables enteras", "enteros"),
        "step": ("paso de cada variable", "pasos"),
    },
}
_WEIGHTS = (8, 4, 3, 4, 1, 1, 1)


def draw_tone(rng: PortableRng) -> str:
    """Draw one of the tones."""
    return rng.choice(tuple(TONES), _WEIGHTS)


def draw_comment(rng: PortableRng, tone: str, role: str, name: str = "", dim: int = 0) -> str:
    """Draw a comment on a part of a problem, without its comment sign.

    Args:
        rng: the choice.
        tone: one of ``TONES``.
        role: one of ``ROLES``.
        name: the basic function's name, for a component.
        dim: number of variables, for a title.
    """
    return rng.choice(TONES[tone][role]).format(name=name.replace("_", " "), dim=dim)
