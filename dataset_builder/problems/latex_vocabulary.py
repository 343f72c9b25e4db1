r"""The LaTeX commands that the reader knows, by what they mean. What is in none of these tables is refused by name."""

from __future__ import annotations

import re

MATH_ENVIRONMENTS = frozenset(
    "equation align gather multline eqnarray displaymath math flalign alignat".split()
)
LAYOUTS = frozenset("aligned alignedat split gathered array cases rcases".split())
MATRICES = frozenset("matrix pmatrix bmatrix smallmatrix".split())

# Elementary functions; the value is the name that expression.Call knows, other names are built from those.
ELEMENTARY = {
    "sin": "sin", "cos": "cos", "tan": "tan", "exp": "exp", "ln": "log", "log": "log", "abs": "abs", "tanh": "tanh",
    "arctan": "arctan", "arcsin": "arcsin", "arccos": "arccos", "sinh": "sinh", "cosh": "cosh", "floor": "floor",
    "cot": "cot", "sec": "sec", "csc": "csc",
}  # fmt: skip
ALIASES = {
    "minimise": "minimize", "maximise": "maximize", "argmin": "minimize", "argmax": "maximize",
    "dfrac": "frac", "tfrac": "frac", "cfrac": "frac", "ldots": "dots", "cdots": "dots", "dotsc": "dots", "dotsb": "dots",
    "dotsm": "dots", "vdots": "dots", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "hdots": "dots",
}  # fmt: skip
FUNCTIONS = frozenset(ELEMENTARY) | {
    "min", "max", "minimize", "minimise", "maximize", "maximise", "argmin", "argmax", "asin", "acos", "atan", "sqrt",
}  # fmt: skip
OPERATORS = frozenset(
    "frac dfrac tfrac cfrac sum prod pi dots ldots cdots dotsc dotsb dotsm infty forall top intercal star".split()
)
GREEK = frozenset(
    """alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho varrho sigma tau
    upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell varsigma""".split()
)
SYMBOLS = {c: c for c in "+-*/^_(){}[]|,=<>!:"} | {
    ":=": "=",
    "<": "<=",
    ">": ">=",
    "≤": "<=",
    "≥": ">=",
    "−": "-",
}
COMMAND_SYMBOLS = {
    "le": "<=", "leq": "<=", "leqslant": "<=", "lt": "<=", "ge": ">=", "geq": ">=", "geqslant": ">=", "gt": ">=",
    "coloneqq": "=", "triangleq": "=", "equiv": "=", "doteq": "=", "in": "in", "cdot": "*", "ast": "*", "times": "times",
    "div": "/", "{": "\\{", "}": "\\}", "lbrace": "\\{", "rbrace": "\\}", "|": "||", "Vert": "||", "vert": "|",
    "lvert": "|(", "rvert": "|)", "lVert": "||(", "rVert": "||)", "langle": "<(", "rangle": ">)", "lbrack": "[",
    "rbrack": "]", "lfloor": "floor(", "rfloor": "floor)", "lceil": "ceil(", "rceil": "ceil)", "colon": ":", "mid": ":",
}  # fmt: skip
RELATIONS = frozenset({"=", "<=", ">=", "in"})
OPENERS = frozenset({"(", "[", "{", "\\{", "|(", "||(", "<(", "floor(", "ceil("})
CLOSERS = frozenset({")", "]", "}", "\\}", "|)", "||)", ">)", "floor)", "ceil)"})

_SIZES = ["big", "Big", "bigg", "Bigg"]
OPENING = frozenset(["left", *(s + "l" for s in _SIZES)])
CLOSING = frozenset(["right", *(s + "r" for s in _SIZES)])
IGNORED = frozenset(
    """, ; : ! displaystyle textstyle scriptstyle limits nolimits nonumber notag hfill mathstrut strut relax
    big Big bigg Bigg bigm Bigm thinspace enspace enskip hline rm bf it allowbreak medspace thickspace noindent
    allowdisplaybreaks middle""".split()
) | {" ", "\n", "\t", "/"}

DROPPED = frozenset("label tag hspace vspace phantom hphantom vphantom ref eqref cite color mspace".split())
TEXT = frozenset("text textrm mbox textnormal textit textbf textsf hbox intertext shortintertext".split())
ACCENTS = {
    "hat": "_hat", "tilde": "_tilde", "bar": "_bar", "overline": "_bar", "dot": "_dot", "ddot": "_ddot", "check": "_check",
    "widehat": "_hat", "widetilde": "_tilde", "breve": "_breve",
}  # fmt: skip
FONTS = {"mathcal": "cal_", "mathbb": "bb_", "mathscr": "cal_", "mathfrak": "frak_"}
_STYLES = "mathbf boldsymbol bm vec mathit mathsf mathrm mathnormal mathtt pmb operatorname mathop underset overset stackrel"
WITH_ARGUMENT = DROPPED | TEXT | set(ACCENTS) | set(FONTS) | set(_STYLES.split())

MINIMIZE = re.compile(r"minimi[sz]e")
MAXIMIZE = re.compile(r"maximi[sz]e")
CONNECTIVES = frozenset(
    """for all any each where with and or subject to s.t. st such that if otherwise over else when unless let given
    by is are in on of as in at w.r.t. wrt i.e. within respect the""".split()
) | {"subject to", "such that", "for all", "for each", "s. t.", "with respect to", "by varying"}

UNITS = frozenset("psi lb lbf lbs in ft N kN kgf mm cm m kg s MPa GPa Pa kPa W kW K J Hz bar rad".split())
# Words that change what the formulas next to them say. Those of the second line only right before a formula.
REFUSED_WORDS = re.compile(
    r"\b(?:integers?|integer-valued|discrete|binary|multiples? of)\b|\bis (?:odd|even)\b"
    r"|\b(?:odd|even|unless|except|except for|if|or|when|whenever|otherwise|else)$"
)
