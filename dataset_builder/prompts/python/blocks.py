"""Parts of a problem file in Python: constants, functions of components, objective, constraints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.symbolic.expression import Expr, rename_vector
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import (
    Data,
    Definition,
    Scalar,
    SymbolicProblem,
    Vector,
    names_used,
)
from llamoco.dataset_builder.prompts.comments import draw_comment
from llamoco.dataset_builder.prompts.python.expressions import Notation
from llamoco.dataset_builder.prompts.python.numbers import number_list
from llamoco.dataset_builder.prompts.python.statements import Writer
from llamoco.dataset_builder.prompts.python.style import RESERVED, PythonStyle

ARGUMENT = "argument_"  # the vector that a helper function sees, before it gets its name


class Blocks:
    """Writer of the parts of one file.

    Args:
        system: the problem in symbols.
        style: habits.
        rng: for what is drawn on the way.
        titles: what the field calls the components f1, f2, ...: identifiers by scalar name.
        method: functions are methods.
    """

    def __init__(
        self,
        system: SymbolicProblem,
        style: PythonStyle,
        rng: PortableRng,
        titles: dict[str, str] | None = None,
        method: bool = False,
    ) -> None:
        self.system, self.style, self.rng, self.method = system, style, rng, method
        self.titles = titles or {}
        self.changing = system.depends_on_x()
        self.taken = {
            *RESERVED,
            *style.notation.names.values(),
            *style.notation.indices.values(),
            style.x,
            style.dim_name,
        }
        named = self.titles and (not style.comments or rng.chance(0.6))
        self._named = bool(named)

    # Constants

    def constant_lines(self, data: bool = True) -> list[str]:
        """Statements for the definitions that do not change with x, outside of functions.

        Args:
            data: whether vectors of given numbers are among them.
        """
        notation = self.style.notation
        notation = replace(
            notation,
            mode="generator" if notation.mode == "loop" else notation.mode,
            sizes={} if self.style.dim_local else notation.sizes,
        )
        writer = Writer(self.system.sizes, notation, self.taken)
        for definition in self.system.definitions:
            if not self.changing[definition.name] and (data or not isinstance(definition, Data)):
                self.define(definition, writer)
        return writer.lines

    def data(self) -> list[tuple[str, str]]:
        """Names in the system and texts of the vectors of given numbers."""
        return [(d.name, self._listed(d)) for d in self.system.definitions if isinstance(d, Data)]

    def _listed(self, data: Data) -> str:
        values = [v - 1 for v in data.values] if data.positions else data.values
        text = number_list(values, self.style.notation.floats and not data.positions)
        arrays = self.style.notation.mode == "vector" and not data.positions
        return f"np.array({text})" if arrays else text

    def define(self, definition: Definition, writer: Writer) -> None:
        """Statements that give a definition its value."""
        name = writer.notation.names[definition.name]
        match definition:
            case Data():
                writer.lines.append(f"{name} = {self._listed(definition)}")
            case Vector():
                writer.vector(definition)
            case Scalar(_, value):
                writer.assign(name, value)

    # Functions

    def objective(self, calls: dict[str, tuple[str, set[str]]]) -> str:
        """The objective function.

        Args:
            calls: scalars that other functions compute: text of the call, names of the vectors it is given.
        """
        needed = names_used(self.system.objective)
        for name in needed & set(calls):
            needed = (needed - {name}) | calls[name][1]
        names = {**self.style.notation.names, **{name: text for name, (text, _) in calls.items()}}
        notation = replace(self.style.notation, names=names)
        return self.function("objective", self.closure(needed), [self.system.objective], notation)

    def objective_lambda(self, calls: dict[str, tuple[str, set[str]]]) -> str:
        """The objective as a lambda, all of whose scalars other functions compute (see ``objective``)."""
        writer = self.lambda_writer({}, {name: text for name, (text, _) in calls.items()})
        return f"objective = lambda {self.style.x}: {writer.expression(self.system.objective)}"

    def constraints(self) -> list[tuple[str, tuple[Expr, ...]]]:
        """Names and expressions of the constraint functions that there are."""
        functions = (("inequality", self.system.inequalities), ("equality", self.system.equalities))
        return [(name, expressions) for name, expressions in functions if expressions]

    def constraint_functions(self) -> list[str]:
        """The constraint functions as text."""
        texts = []
        for name, expressions in self.constraints():
            needed = set().union(*(names_used(e) for e in expressions))
            texts.append(self.function(name, self.closure(needed), expressions, self.style.notation))
        return texts

    def constraint_lambdas(self) -> list[str]:
        """The constraint functions as lambdas where they need no definitions; else as functions."""
        texts = []
        for name, expressions in self.constraints():
            needed = set().union(*(names_used(e) for e in expressions))
            if self.closure(needed):
                texts.append(self.function(name, self.closure(needed), expressions, self.style.notation))
                continue
            writer = self.lambda_writer({})
            returned = self.returned([writer.expression(e) for e in expressions])
            texts.append(f"{name} = lambda {self.style.x}: {returned}")
        return texts

    def component_functions(self) -> tuple[list[str], dict[str, tuple[str, set[str]]]]:
        """A function of x for each component; and the calls of them."""
        texts, calls = [], {}
        for definition in self.components():
            name = self.component_name(definition.name)
            needed = self.closure(names_used(definition.value))
            texts.append(self.function(name, needed, [definition.value], self.style.notation))
            calls[definition.name] = (f"{name}({self.style.x})", set[str]())
        return texts, calls

    def basic_functions(self, as_lambda: bool) -> tuple[list[str], dict[str, tuple[str, set[str]]]]:
        """A function for each component, of the vector that it sees; and the calls of them."""
        texts, calls = [], {}
        for definition in self.components():
            vectors = {name for name in names_used(definition.value) if self.changing[name]}
            if len(vectors) != 1 or not vectors <= set(self.system.sizes):
                continue
            (vector,) = vectors
            name = self.component_name(definition.name)
            argument = next(a for a in self.rng.shuffled(("z", "y", "u", "v", "w")) if a not in self.taken)
            expression = rename_vector(definition.value, vector, ARGUMENT)
            write = self._lambda if as_lambda else self._helper
            texts.append(write(name, argument, expression, self.system.sizes[vector]))
            calls[definition.name] = (f"{name}({self.style.notation.names[vector]})", vectors)
        return texts, calls

    def _helper(self, name: str, argument: str, expression: Expr, size: int) -> str:
        local = self.rng.choice(("", "n", "m", "dim"))
        local = "" if local in self.taken else local
        notation = self._argument_notation(argument, local or f"len({argument})")
        writer = Writer({**self.system.sizes, ARGUMENT: size}, notation, self.taken | {argument, local})
        text = writer.expression(expression)
        lines = [*writer.lines, f"return {text}"]
        if local and re.search(rf"\b{local}\b", "\n".join(lines)):
            lines.insert(0, f"{local} = len({argument})")
        return self.define_function(name, argument, lines, self._component_doc(name))

    def _lambda(self, name: str, argument: str, expression: Expr, size: int) -> str:
        writer = self.lambda_writer({ARGUMENT: (argument, size)})
        return f"{name} = lambda {argument}: {writer.expression(expression)}"

    def lambda_writer(
        self, arguments: dict[str, tuple[str, int]], names: dict[str, str] | None = None
    ) -> Writer:
        """A writer of expressions only.

        Args:
            arguments: text and size of the vectors that are arguments.
            names: text of other names, such as calls.
        """
        texts = {**self.style.notation.names, **(names or {})}
        notation = replace(self.style.notation, statements=False, names=texts)
        sizes = dict(self.system.sizes)
        for vector, (text, size) in arguments.items():
            notation = replace(self._argument_notation(text, f"len({text})"), statements=False)
            sizes[vector] = size
        if self.style.dim_local and not arguments:
            notation = replace(notation, sizes={"x": f"len({self.style.x})"} if self.rng.chance(0.5) else {})
        return Writer(sizes, notation, self.taken | {text for text, _ in arguments.values()})

    def _argument_notation(self, argument: str, size: str) -> Notation:
        notation = self.style.notation
        return replace(notation, names={**notation.names, ARGUMENT: argument}, sizes={ARGUMENT: size})

    def components(self) -> list[Scalar]:
        """The scalars in the objective that change with x."""
        used = names_used(self.system.objective)
        return [
            d
            for d in self.system.definitions
            if isinstance(d, Scalar) and d.name in used and self.changing[d.name]
        ]

    def component_name(self, scalar: str) -> str:
        """A new name for the function that computes a component."""
        number = scalar[1:] or "1"
        forms = ("f{0}", "part{0}", "component_{0}", "g{0}", "F{0}")
        name = self.titles[scalar] if self._named else self.rng.choice(forms).format(number)
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def _component_doc(self, name: str) -> str:
        if not self.style.docstrings or self.rng.chance(0.3):
            return ""
        return draw_comment(self.rng, self.style.tone, "component", name)

    def closure(self, names: set[str]) -> list[Definition]:
        """The definitions that change with x and are needed for some names, in order."""
        needed = set(names)
        for definition in reversed(self.system.definitions):
            if definition.name in needed:
                needed |= self.system.used[definition.name]
        return [d for d in self.system.definitions if d.name in needed and self.changing[d.name]]

    def function(
        self, name: str, definitions: Sequence[Definition], expressions: Sequence[Expr], notation: Notation
    ) -> str:
        """A function of x: definitions, then the value of one expression or of several constraints."""
        style = self.style
        writer = Writer(self.system.sizes, notation, self.taken)
        for definition in definitions:
            self.note(definition, writer)
            self.define(definition, writer)
        if name in ("inequality", "equality"):
            targets = [f"{'g' if name == 'inequality' else 'h'}{k}" for k in range(1, len(expressions) + 1)]
            if notation.mode == "loop" or (style.comments and len(expressions) > 1):
                targets = [writer.fresh(target) for target in targets]
                for target, expression in zip(targets, expressions, strict=True):
                    writer.assign(target, expression)
                texts = targets
            else:
                texts = [writer.expression(e) for e in expressions]
            lines = [*writer.lines, f"return {self.returned(texts)}"]
        else:
            text = writer.expression(expressions[0])
            lines = [*writer.lines, f"return {text}"]
        lines = self.opened(lines)
        return self.define_function(name, style.x, lines, self.documentation(name))

    def opened(self, lines: list[str]) -> list[str]:
        """Lines of a function with its preamble: the number of variables, the variables by name."""
        style, text = self.style, "\n".join(lines)
        template = style.notation.entries.get("x", "")
        if template:
            names = [template.format(k) for k in range(1, self.system.dim + 1)]
            return [f"{', '.join(names)} = {style.x}", *lines]
        if style.dim_local and re.search(rf"\b{style.dim_name}\b", text):
            return [f"{style.dim_name} = len({style.x})", *lines]
        return lines

    def note(self, definition: Definition, writer: Writer) -> None:
        """Comment in front of a component, where the style comments on everything."""
        style = self.style
        if (
            isinstance(definition, Scalar)
            and style.comments == 2
            and definition.name in self.titles
            and self._named
        ):
            text = draw_comment(self.rng, style.tone, "component", self.titles[definition.name])
            writer.lines.append(f"# {text}")

    def documentation(self, name: str) -> str:
        """Docstring of a function of the contract, "" where the style has none."""
        known = name in ("objective", "inequality", "equality")
        return draw_comment(self.rng, self.style.tone, name) if known and self.style.docstrings else ""

    def define_function(self, name: str, argument: str, lines: Sequence[str], doc: str) -> str:
        """A function of one argument, indented as the style says, with its docstring and hints."""
        returned = ""
        if self.style.hints and name not in ("inequality", "equality"):
            kind = "np.ndarray" if self.style.notation.library == "np." else "list[float]"
            argument, returned = f"{argument}: {kind}", " -> float"
        step = " " * self.style.indent
        header = f"def {name}({'self, ' if self.method else ''}{argument}){returned}:"
        body = [f'"""{doc}"""', *lines] if doc else lines
        # The writers indent by four spaces.
        deeper = [re.sub(r"^(?:    )+", lambda m: step * (len(m[0]) // 4), line) for line in body]
        return "\n".join([header, *(step + line for line in deeper)])

    def returned(self, texts: Sequence[str]) -> str:
        """What a constraint function returns."""
        if len(texts) == 1 and not self.style.constraint_list:
            return texts[0]
        listed = f"[{', '.join(texts)}]"
        return f"np.array({listed})" if self.style.notation.library == "np." else listed
