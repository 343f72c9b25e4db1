"""The parts of a LaTeX description (objective, definitions, constraints, bounds, budget) as formulas in a drawn notation."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from llamoco.dataset_builder.problems.draws import Draws
from llamoco.dataset_builder.problems.expression import Add, Expr, Index, Name, Num, Size, Sub, substitute
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.system import Data, Scalar, Vector
from llamoco.dataset_builder.prompts.latex_source import (
    LatexWriter,
    Naming,
    Style,
    draw_style,
    number,
    signed,
)

_LETTERS = {
    "x": (("x", 8), ("\\theta", 1), ("u", 1), ("w", 1)),
    "f": (("f", 6), ("F", 1), ("\\phi", 1)),
    "z": (("z", 5), ("y", 2), ("t", 1), ("u", 1)),
    "o": (("o", 4), ("s", 2), ("c", 2), ("\\mu", 1), ("b", 1)),
    "y": (("y", 4), ("t", 1), ("q", 1), ("\\xi", 1)),
    "v": (("v", 4), ("a", 1), ("d", 1), ("\\eta", 1)),
    "r": (("r", 3), ("\\rho", 1), ("\\beta", 1), ("\\tau", 1)),
    "p": (("p", 4), ("\\sigma", 1), ("P", 1), ("\\kappa", 1)),
    "g": (("g", 4), ("G", 1), ("c", 1)),
    "h": (("h", 4), ("H", 1), ("\\psi", 1)),
    "n": (("n", 5), ("D", 2), ("N", 1)),
}


@dataclass(frozen=True)
class Formula:
    """One definition: left side, right side, and the range of its index ("" if it has none)."""

    left: str
    right: str
    range: str = ""

    @property
    def text(self) -> str:
        """The definition with its range."""
        return f"{self.left} = {self.right}" + (f",\\ {self.range}" if self.range else "")


class Parts:
    """All parts of one problem in one notation.

    Attributes:
        x: the vector of variables; f: the objective's name with its argument.
        dimension: whether the letter n stands for the dimension, so that its value has to be stated.
    """

    def __init__(self, problem: Problem, draws: Draws, inline: bool, vectors: bool) -> None:
        self.problem, self.draws, self.system = problem, draws, problem.system
        self.style: Style = draw_style(draws)
        self.vectors = vectors
        used: set[str] = set()
        self.letters = {}
        for family, options in _LETTERS.items():
            free = [(o, w) for o, w in options if o not in used] or [(family, 1)]
            self.letters[family] = draws.choice([o for o, _ in free], [w for _, w in free])
            used.add(self.letters[family])
        self.dimension = draws.chance(0.5)
        indices = draws.shuffled([k for k in ("j", "k", "l", "m") if k not in used])
        indices = ["i", *indices] if draws.chance(0.7) else [*indices[:1], "i", *indices[1:]]
        self.index = indices[0]
        self.second = indices[1]
        bold = draws.choice(("\\mathbf{@}", "@", "\\boldsymbol{@}", "\\vec{@}"), (4, 3, 1, 1))
        if vectors and bold == "@":
            bold = "\\mathbf{@}"
        self.x = (bold if not self.letters["x"].startswith("\\") or "bold" in bold else "@").replace(
            "@", self.letters["x"]
        )
        self.size = self.letters["n"] if self.dimension else str(problem.dim)
        over = draws.chance(0.5)
        whole, entries, scalars = {"x": self.x}, {"x": self.letters["x"] + "_{@}"}, {}
        sizes = {"x": self.size}
        families = [d.name[0] for d in self.system.definitions]
        self.argument = f"({self.x})" if draws.chance(0.6) else ""
        for definition in self.system.definitions:
            family, count = definition.name[0], definition.name[1:]
            letter = self.letters[family]
            single = families.count(family) == 1
            if isinstance(definition, Scalar):
                plain = letter if single and family != "f" else f"{letter}_{count}"
                scalars[definition.name] = plain + (self.argument if family == "f" else "")
                continue
            sizes[definition.name] = self.size if definition.size == problem.dim else str(definition.size)
            body = (bold if not letter.startswith("\\") or "bold" in bold else "@").replace("@", letter)
            if single:
                whole[definition.name], entries[definition.name] = body, letter + "_{@}"
            elif over:
                whole[definition.name], entries[definition.name] = (
                    f"{body}^{{({count})}}",
                    f"{letter}^{{({count})}}_{{@}}",
                )
            else:
                whole[definition.name], entries[definition.name] = (
                    f"{body}_{count}",
                    f"{letter}_{{{count},@}}",
                )
        names = {"i": indices[0], "j": indices[1], "k": indices[2]}
        self.writer = LatexWriter(self.style, Naming(entries, whole, scalars, names, sizes))
        self.inline = inline or len([d for d in self.system.definitions if d.name[0] == "f"]) == 1
        self.f = f"{self.letters['f']}({self.x})"

    # Objective and definitions

    def objective(self) -> str:
        """The right side of the objective."""
        if not self.inline:
            return self.writer(self.system.objective)
        bodies: dict[Expr, Expr] = {
            Name(d.name): d.value
            for d in self.system.definitions
            if isinstance(d, Scalar) and d.name[0] == "f"
        }
        return self.writer(substitute(self.system.objective, bodies))

    def functions(self) -> list[Formula]:
        """The components f_1, f_2, ...; none if they stand in the objective."""
        if self.inline:
            return []
        names = self.writer.naming.scalars
        return [
            Formula(names[d.name], self.writer(d.value))
            for d in self.system.definitions
            if isinstance(d, Scalar) and d.name[0] == "f"
        ]

    def definitions(self) -> list[Formula]:
        """Everything else that is defined, in order of use."""
        result = []
        naming = self.writer.naming
        for definition in self.system.definitions:
            match definition:
                case Data(name, values):
                    entries = ", ".join(signed(v, False) for v in values)
                    result.append(
                        Formula(
                            naming.whole[name],
                            f"({entries})" + ("^\\top" if self.vectors and self.style.norm else ""),
                        )
                    )
                case Vector(name, size, index, body):
                    vector = self.writer.vector(body, index.name) if self.vectors else None
                    if vector is not None:
                        result.append(Formula(naming.whole[name], vector))
                    else:
                        size_text = self.size if size == self.problem.dim else str(size)
                        left = self.writer(_item(name, index))
                        result.append(Formula(left, self.writer(body), self.range("1", size_text)))
                case Scalar(name, value) if name[0] != "f":
                    result.append(Formula(naming.scalars[name], self.writer(value)))
        if self.dimension:
            result.append(Formula(self.size, str(self.problem.dim)))
        return result

    def range(self, low: str, high: str, index: str | None = None) -> str:
        """``i = 1, \\dots, n``."""
        if low == high or (low.isdigit() and high.isdigit() and int(high) - int(low) == 1):
            values = low if low == high else f"{low}, {high}"
            return (
                f"{index or self.index} = {values}"
                if low != high
                else f"{index or self.index} \\in \\{{{low}\\}}"
            )
        return f"{index or self.index} = {low},{self.style.dots},{high}"

    # Constraints

    def constraints(self) -> list[str]:
        """Constraints as relations, inequalities first, without names."""
        result = [self._relation(g, self.style.le, self.style.ge) for g in self.system.inequalities]
        return result + [self._relation(h, "=", "=") for h in self.system.equalities]

    def named_constraints(self) -> list[str]:
        """Constraints as ``g_1(x) = ... <= 0``."""
        result = []
        for letter, relation, members in (
            ("g", self.style.le, self.system.inequalities),
            ("h", "=", self.system.equalities),
        ):
            for k, member in enumerate(members, 1):
                name = f"{self.letters[letter]}" + (f"_{k}" if len(members) > 1 or self.style.left else "")
                result.append(f"{name}({self.x}) = {self.writer(member)} {relation} 0")
        return result

    def _relation(self, member: Expr, le: str, ge: str) -> str:
        ten = self.style.powers_of_ten
        match member:
            case Sub(q, Num(bound)):
                return f"{self.writer(q)} {le} {number(bound, ten)}"
            case Add(q, Num(bound)):
                return f"{self.writer(q)} {le} -{number(bound, ten)}"
            case Sub(Num(bound), q):
                return f"{self.writer(q)} {ge} {number(bound, ten)}"
        return f"{self.writer(member)} {le} 0"

    # Bounds and budget

    def bounds(self) -> list[str]:
        """Bounds as formulas."""
        pairs = list(zip(self.problem.lower, self.problem.upper, strict=True))
        letter, le, form = self.letters["x"], self.style.le, self.draws.integer(0, 2)
        n = self.problem.dim
        if len(set(pairs)) == 1:
            low, high = (signed(v, False) for v in pairs[0])
            if form == 0 or (form == 1 and self.vectors):
                return [f"{self.x} \\in [{low}, {high}]^{{{self.size}}}"]
            middle = f"{letter}_{self.index}"
            statement = f"{low} {le} {middle} {le} {high}" if form == 1 else f"{middle} \\in [{low}, {high}]"
            return [f"{statement},\\ {self.range('1', self.size if n > 2 else str(n))}"]
        runs: list[tuple[int, int, tuple[float, float]]] = []
        at = 1
        for pair, members in groupby(pairs):
            count = len(list(members))
            runs.append((at, at + count - 1, pair))
            at += count
        if len(runs) > 4 and form == 0:
            lows, highs = (
                ", ".join(signed(v, False) for v in side) for side in (self.problem.lower, self.problem.upper)
            )
            a, b = (("\\ell", "L"), ("U", "B"))[0][0], "U"
            return [f"{a} {le} {self.x} {le} {b}", f"{a} = ({lows})", f"{b} = ({highs})"]
        result = []
        for first, last, pair in runs:
            low, high = (signed(v, False) for v in pair)
            if first == last:
                name = f"{letter}_{first}" if first < 10 else f"{letter}_{{{first}}}"
                result.append(
                    f"{low} {le} {name} {le} {high}" if form == 1 else f"{name} \\in [{low}, {high}]"
                )
            else:
                middle = f"{letter}_{self.index}"
                statement = (
                    f"{low} {le} {middle} {le} {high}" if form == 1 else f"{middle} \\in [{low}, {high}]"
                )
                result.append(f"{statement}\\ ({self.range(str(first), str(last))})")
        return result

    def budget(self) -> str:
        """A sentence, or the beginning of one, that states the budget."""
        value = self.problem.max_evals
        text = (
            f"{value // 1000}{{,}}{value % 1000:03d}"
            if value >= 1000 and self.draws.chance(0.2)
            else str(value)
        )
        options = (
            f"Evaluation budget: {text}.",
            f"Budget: ${text}$ function evaluations.",
            f"At most {text} function evaluations are allowed.",
            f"The number of function evaluations is limited to ${text}$.",
            f"No more than ${text}$ evaluations may be used.",
            f"$N_{{\\max}} = {text}$ evaluations.",
            f"The evaluation budget is {text}.",
            f"Maximum number of function evaluations: {text}.",
        )
        return self.draws.choice(options)


def _item(name: str, index: Index) -> Expr:
    from llamoco.dataset_builder.problems.expression import Item

    return Item(name, index)


def size_of(vector: str) -> Expr:
    """The length of a vector as a node."""
    return Size(vector)
