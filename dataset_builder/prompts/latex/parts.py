"""The parts of a LaTeX description (objective, definitions, constraints, bounds) in a drawn notation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic.expression import Add, Expr, Item, Name, Num, Sub, substitute
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import Data, Scalar, SymbolicProblem, Vector
from llamoco.dataset_builder.prompts.declared import declared_variables
from llamoco.dataset_builder.prompts.latex.expressions import LatexWriter, Naming, number, signed
from llamoco.dataset_builder.prompts.latex.style import LatexStyle, draw_style

_FAMILY = re.compile(r"([a-z])(\d+)(?:_(\d+))?")
_LETTERS = {
    "x": (("x", 8), ("\\theta", 1), ("u", 1), ("w", 1)),
    "f": (("f", 6), ("F", 1), ("\\phi", 1)),
    "z": (("z", 5), ("y", 2), ("t", 1), ("u", 1)),
    "o": (("o", 4), ("s", 2), ("c", 2), ("\\mu", 1), ("b", 1)),
    "y": (("y", 4), ("t", 1), ("q", 1), ("\\xi", 1)),
    "v": (("v", 4), ("a", 1), ("d", 1), ("\\eta", 1)),
    "r": (("r", 3), ("\\rho", 1), ("\\beta", 1), ("\\tau", 1)),
    "p": (("p", 4), ("\\sigma", 1), ("P", 1), ("\\kappa", 1)),
    "u": (("\\lambda", 2), ("\\delta", 2), ("\\zeta", 1), ("\\omega", 1)),
    "g": (("g", 4), ("G", 1), ("c", 1)),
    "h": (("h", 4), ("H", 1), ("\\psi", 1)),
    "t": (("t", 6), ("\\tau", 1), ("a", 1)),
    "d": (("d", 3), ("y", 2), ("b", 1)),
    "s": (("s", 4), ("S", 1), ("q", 1)),
    "n": (("n", 5), ("D", 2), ("N", 1)),
}


@dataclass(frozen=True)
class WrittenDefinition:
    """One definition: left side, right side, and the range of its index ("" if it has none)."""

    left: str
    right: str
    range: str = ""

    @property
    def text(self) -> str:
        """The definition with its range."""
        return f"{self.left} = {self.right}" + (f",\\ {self.range}" if self.range else "")


class Parts:
    """All parts of one problem in one notation, drawn.

    Attributes:
        x: the vector of variables, as it is set.
        f: the objective's name with its argument.
        index: the letter of most indices.
        size: the number of variables, a letter (whose value is then among the definitions) or a number.
        writer: prints expressions.
        declared: bounds, kinds of variables and starting point.
    """

    def __init__(
        self,
        problem: Problem,
        rng: PortableRng,
        inline: bool,
        vectors: bool,
        matrices: bool = False,
        system: SymbolicProblem | None = None,
    ) -> None:
        """Draw a notation.

        Args:
            problem: a synthetic problem.
            rng: its style.
            inline: whether the components stand in the objective rather than as functions of their own.
            vectors: whether definitions are written for whole vectors where they can be.
            matrices: whether lists of numbers are set as columns, and sums of products as those of vectors.
            system: another form of the problem's system, to be printed instead.
        """
        self.problem, self.rng, self.system = problem, rng, system or problem.system
        self.declared = declared_variables(problem)
        self.style: LatexStyle = draw_style(rng)
        if matrices:
            self.style = replace(self.style, norm=True, products=True)
        self.vectors, self.matrices = vectors, matrices
        self.letters: dict[str, str] = {}
        for family, options in _LETTERS.items():
            free = [(o, w) for o, w in options if o not in self.letters.values()] or [(family, 1)]
            self.letters[family] = rng.choice([o for o, _ in free], [w for _, w in free])
        self.lettered_size = rng.chance(0.5)
        self.size = self.letters["n"] if self.lettered_size else str(problem.dim)
        others = rng.shuffled([k for k in ("j", "k", "l", "m") if k not in self.letters.values()])
        indices = ["i", *others] if rng.chance(0.7) else [others[0], "i", *others[1:]]
        self.index = indices[0]
        self._bold = rng.choice(("\\mathbf{@}", "@", "\\boldsymbol{@}", "\\vec{@}"), (4, 3, 1, 1))
        if vectors and self._bold == "@":
            self._bold = "\\mathbf{@}"
        self.x = self._vector(self.letters["x"])
        self.f = f"{self.letters['f']}({self.x})"
        components = [d for d in self.system.definitions if d.name[0] == "f"]
        self.inline = inline or len(components) == 1
        self.writer = LatexWriter(self.style, self._naming(dict(zip("ijk", indices, strict=False))))

    def _vector(self, letter: str) -> str:
        greek = letter.startswith("\\")  # \\mathbf does nothing to Greek letters
        return letter if greek and self._bold == "\\mathbf{@}" else self._bold.replace("@", letter)

    def _naming(self, indices: dict[str, str]) -> Naming:
        """Names of component k: z^{(k)} or z_k; without a number where there is only one."""
        raised = self.rng.chance(0.5)
        argument = f"({self.x})" if self.rng.chance(0.6) else ""
        naming = Naming({"x": self.letters["x"] + "_{@}"}, {"x": self.x}, {}, indices, {"x": self.size})
        found = {d.name: _FAMILY.fullmatch(d.name) for d in self.system.definitions}
        families = {m[1] + m[2] for m in found.values() if m is not None}
        for definition in self.system.definitions:
            name, match = definition.name, found[definition.name]
            assert match is not None
            family, count, place = match.groups()
            letter = self.letters[family]
            single = sum(f[0] == family for f in families) == 1
            if isinstance(definition, Scalar):
                number = count if place is None else place if single else count + place
                number = number if len(number) == 1 else f"{{{number}}}"
                plain = letter if single and family != "f" and place is None else f"{letter}_{number}"
                naming.scalars[name] = plain + (argument if family == "f" else "")
                continue
            naming.sizes[name] = self._size(definition.size)
            if single:
                entry, whole = f"{letter}_{{@}}", self._vector(letter)
            elif raised:
                entry, whole = f"{letter}^{{({count})}}_{{@}}", f"{self._vector(letter)}^{{({count})}}"
            else:
                entry, whole = f"{letter}_{{{count},@}}", f"{self._vector(letter)}_{count}"
            naming.vectors[name], naming.whole[name] = entry, whole
        return naming

    def _size(self, size: int) -> str:
        return self.size if size == self.problem.dim else str(size)

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

    def functions(self) -> list[WrittenDefinition]:
        """The components f_1, f_2, ...; none if they stand in the objective."""
        if self.inline:
            return []
        names = self.writer.naming.scalars
        return [
            WrittenDefinition(names[d.name], self.writer(d.value))
            for d in self.system.definitions
            if isinstance(d, Scalar) and d.name[0] == "f"
        ]

    def definitions(self) -> list[WrittenDefinition]:
        """All other definitions, in order of use."""
        result = []
        naming = self.writer.naming
        for definition in self.system.definitions:
            match definition:
                case Data(name, values):
                    result.append(WrittenDefinition(naming.whole[name], self.listed(values)))
                case Vector(name, size, index, body):
                    vector = self.writer.vector(body, index.name) if self.vectors else None
                    if vector is not None:
                        result.append(WrittenDefinition(naming.whole[name], vector))
                    else:
                        left = self.writer(Item(name, index))
                        result.append(
                            WrittenDefinition(left, self.writer(body), self.range("1", self._size(size)))
                        )
                case Scalar(name, value) if name[0] != "f":
                    result.append(WrittenDefinition(naming.scalars[name], self.writer(value)))
        if self.lettered_size:
            result.append(WrittenDefinition(self.size, str(self.problem.dim)))
        return result

    def listed(self, values: Sequence[float]) -> str:
        """Given numbers as a list or a column."""
        texts = [signed(v, False) for v in values]
        if self.matrices:
            kind = "pmatrix" if self.style.bar else "bmatrix"
            joined, turned = (" & ".join(texts), "^\\top") if len(texts) > 5 else (" \\\\ ".join(texts), "")
            return f"\\begin{{{kind}}} {joined} \\end{{{kind}}}{turned}"
        return f"({', '.join(texts)})" + ("^\\top" if self.vectors and self.style.norm else "")

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

    def numbered_constraints(self) -> tuple[list[str], list[WrittenDefinition]]:
        """Constraints as ``g_j(x) <= 0, j = 1, ..., m``, and the definitions of the functions in them."""
        short, defined = [], []
        for letter, relation, members in (
            ("g", self.style.le, self.system.inequalities),
            ("h", "=", self.system.equalities),
        ):
            name = self.letters[letter]
            index = next(k for k in ("j", "k", "l", "i") if k != name)
            if len(members) > 1:
                numbers = self.range("1", str(len(members)), index)
                short.append(f"{name}_{index}({self.x}) {relation} 0, \\quad {numbers}")
            elif members:
                short.append(f"{name}_1({self.x}) {relation} 0")
            defined += [
                WrittenDefinition(f"{name}_{k}({self.x})", self.writer(m)) for k, m in enumerate(members, 1)
            ]
        return short, defined

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
