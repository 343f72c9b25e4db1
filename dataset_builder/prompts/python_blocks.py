"""The parts of a problem FILE in Python: constants, functions of components, objective, constraints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from llamoco.dataset_builder.problems.draws import Draws
from llamoco.dataset_builder.problems.expression import Expr, rename_vector
from llamoco.dataset_builder.problems.system import Data, Definition, Scalar, System, Vector, names_used
from llamoco.dataset_builder.prompts.python_expressions import Notation
from llamoco.dataset_builder.prompts.python_numbers import number_list
from llamoco.dataset_builder.prompts.python_source import Writer
from llamoco.dataset_builder.prompts.python_style import RESERVED, Style

ARGUMENT = "argument_"  # the vector that a helper function sees, before it gets its name


class Blocks:
    """Writes the parts of one FILE.

    Args:
        system: the problem in symbols.
        style: habits.
        draws: for what is drawn on the way.
        titles: what the field calls the components f1, f2, ...: identifiers by scalar name.
        method: functions are methods.
    """

    def __init__(
        self,
        system: System,
        style: Style,
        draws: Draws,
        titles: dict[str, str] | None = None,
        method: bool = False,
    ) -> None:
        self.system, self.style, self.draws, self.method = system, style, draws, method
        self.titles = titles or {}
        self.changing = system.depends_on_x()
        self.taken = {
            *RESERVED,
            *style.notation.names.values(),
            *style.notation.indices.values(),
            style.x,
            style.dim_name,
        }
        named = self.titles and (not style.comments or draws.chance(0.6))
        self._named = bool(named)

    # Constants

    def constant_lines(self) -> list[str]:
        """Statements for the definitions that do not change with x, outside of functions."""
        notation = self.style.notation
        notation = replace(
            notation,
            mode="generator" if notation.mode == "loop" else notation.mode,
            sizes={} if self.style.dim_local else notation.sizes,
        )
        writer = Writer(self.system.sizes, notation, self.taken)
        for definition in self.system.definitions:
            if not self.changing[definition.name]:
                self._define(definition, writer)
        return writer.lines

    def _define(self, definition: Definition, writer: Writer) -> None:
        name = writer.notation.names[definition.name]
        match definition:
            case Data(_, values, positions):
                text = number_list(
                    [v - 1 for v in values] if positions else values, writer.notation.floats and not positions
                )
                arrays = writer.notation.mode == "vector" and not positions
                writer.lines.append(f"{name} = np.array({text})" if arrays else f"{name} = {text}")
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
        return self._function("objective", self._closure(needed), [self.system.objective], notation)

    def constraints(self) -> list[tuple[str, tuple[Expr, ...]]]:
        """Names and expressions of the constraint functions that there are."""
        functions = (("inequality", self.system.inequalities), ("equality", self.system.equalities))
        return [(name, expressions) for name, expressions in functions if expressions]

    def constraint_functions(self) -> list[str]:
        """The constraint functions as text."""
        texts = []
        for name, expressions in self.constraints():
            needed = set().union(*(names_used(e) for e in expressions))
            texts.append(self._function(name, self._closure(needed), expressions, self.style.notation))
        return texts

    def constraint_lambdas(self) -> list[str]:
        """The constraint functions as lambdas where they need no definitions; else as functions."""
        texts = []
        for name, expressions in self.constraints():
            needed = set().union(*(names_used(e) for e in expressions))
            if self._closure(needed):
                texts.append(self._function(name, self._closure(needed), expressions, self.style.notation))
                continue
            writer = self._lambda_writer({})
            returned = self.returned([writer.expression(e) for e in expressions])
            texts.append(f"{name} = lambda {self.style.x}: {returned}")
        return texts

    def component_functions(self) -> tuple[list[str], dict[str, tuple[str, set[str]]]]:
        """A function of x for each component; and the calls of them."""
        texts, calls = [], {}
        for definition in self._components():
            name = self._component_name(definition.name)
            needed = self._closure(names_used(definition.value))
            texts.append(self._function(name, needed, [definition.value], self.style.notation))
            calls[definition.name] = (f"{name}({self.style.x})", set[str]())
        return texts, calls

    def basic_functions(self, as_lambda: bool) -> tuple[list[str], dict[str, tuple[str, set[str]]]]:
        """A function for each component, of the vector that it sees; and the calls of them."""
        texts, calls = [], {}
        for definition in self._components():
            vectors = {name for name in names_used(definition.value) if self.changing[name]}
            if len(vectors) != 1 or not vectors <= set(self.system.sizes):
                continue
            (vector,) = vectors
            name = self._component_name(definition.name)
            argument = next(a for a in self.draws.shuffled(("z", "y", "u", "v", "w")) if a not in self.taken)
            expression = rename_vector(definition.value, vector, ARGUMENT)
            write = self._lambda if as_lambda else self._helper
            texts.append(write(name, argument, expression, self.system.sizes[vector]))
            calls[definition.name] = (f"{name}({self.style.notation.names[vector]})", vectors)
        return texts, calls

    def _helper(self, name: str, argument: str, expression: Expr, size: int) -> str:
        local = self.draws.choice(("", "n", "m", "dim"))
        local = "" if local in self.taken else local
        notation = self._argument_notation(argument, local or f"len({argument})")
        writer = Writer({**self.system.sizes, ARGUMENT: size}, notation, self.taken | {argument, local})
        text = writer.expression(expression)
        lines = [*writer.lines, f"return {text}"]
        if local and re.search(rf"\b{local}\b", "\n".join(lines)):
            lines.insert(0, f"{local} = len({argument})")
        return self._define_function(name, argument, lines, self._component_doc(name))

    def _lambda(self, name: str, argument: str, expression: Expr, size: int) -> str:
        writer = self._lambda_writer({ARGUMENT: (argument, size)})
        return f"{name} = lambda {argument}: {writer.expression(expression)}"

    def _lambda_writer(self, arguments: dict[str, tuple[str, int]]) -> Writer:
        notation = replace(self.style.notation, statements=False)
        sizes = dict(self.system.sizes)
        for vector, (text, size) in arguments.items():
            notation = replace(self._argument_notation(text, f"len({text})"), statements=False)
            sizes[vector] = size
        if self.style.dim_local and not arguments:
            notation = replace(
                notation, sizes={"x": f"len({self.style.x})"} if self.draws.chance(0.5) else {}
            )
        return Writer(sizes, notation, self.taken | {text for text, _ in arguments.values()})

    def _argument_notation(self, argument: str, size: str) -> Notation:
        notation = self.style.notation
        return replace(notation, names={**notation.names, ARGUMENT: argument}, sizes={ARGUMENT: size})

    def _components(self) -> list[Scalar]:
        used = names_used(self.system.objective)
        return [
            d
            for d in self.system.definitions
            if isinstance(d, Scalar) and d.name in used and self.changing[d.name]
        ]

    def _component_name(self, scalar: str) -> str:
        number = scalar[1:] or "1"
        forms = ("f{0}", "part{0}", "component_{0}", "g{0}", "F{0}")
        name = self.titles[scalar] if self._named else self.draws.choice(forms).format(number)
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def _component_doc(self, name: str) -> str:
        return (
            self.draws.choice(("", f"{name.replace('_', ' ')} function", "one component"))
            if self.style.docstrings
            else ""
        )

    def _closure(self, names: set[str]) -> list[Definition]:
        """The definitions that change with x and are needed for some names, in order."""
        needed = set(names)
        for definition in reversed(self.system.definitions):
            if definition.name in needed and not isinstance(definition, Data):
                needed |= names_used(definition.entry if isinstance(definition, Vector) else definition.value)
        return [d for d in self.system.definitions if d.name in needed and self.changing[d.name]]

    def _function(
        self, name: str, definitions: Sequence[Definition], expressions: Sequence[Expr], notation: Notation
    ) -> str:
        style = self.style
        writer = Writer(self.system.sizes, notation, self.taken)
        for definition in definitions:
            if (
                isinstance(definition, Scalar)
                and style.comments == 2
                and self._named
                and definition.name in self.titles
            ):
                writer.lines.append(f"# {self.titles[definition.name].replace('_', ' ')}")
            self._define(definition, writer)
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
        if style.dim_local and re.search(rf"\b{style.dim_name}\b", "\n".join(lines)):
            lines.insert(0, f"{style.dim_name} = len({style.x})")
        docs = {
            "objective": ("objective to minimise", f"Cost of {style.x}.", "f(x), to be minimised"),
            "inequality": ("g(x) <= 0", "inequality constraints, feasible if <= 0"),
            "equality": ("h(x) = 0", "equality constraints"),
        }
        return self._define_function(
            name, style.x, lines, self.draws.choice(docs[name]) if name in docs and style.docstrings else ""
        )

    def _define_function(self, name: str, argument: str, lines: Sequence[str], doc: str) -> str:
        step = " " * self.style.indent
        header = f"def {name}({'self, ' if self.method else ''}{argument}):"
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
