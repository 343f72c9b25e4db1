"""INTEGER, STEP and X0 in the forms that people use."""

from __future__ import annotations

from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.prompts.comments import draw_comment
from llamoco.dataset_builder.prompts.declared import DeclaredVariables
from llamoco.dataset_builder.prompts.python.numbers import number_list, signed
from llamoco.dataset_builder.prompts.python.style import PythonStyle

MASK_DIM = 6  # up to here a boolean for each variable may say which are integers


def declaration_lines(
    variables: DeclaredVariables, style: PythonStyle, rng: PortableRng, start: bool = True
) -> list[str]:
    """Lines that declare kinds of variables and the starting point; none where there is nothing to declare.

    Args:
        variables: of the problem. LOWER and UPPER stand before these lines.
        style: habits.
        rng: what is drawn on the way.
        start: whether the starting point is among them.
    """
    named = [("integer", "INTEGER", integer_text(variables, rng)), ("step", "STEP", step_text(variables))]
    if start and variables.start is not None:
        named.insert(rng.choice((0, len(named))), ("start", "X0", start_text(variables, style, rng)))
    lines = []
    for role, name, text in named:
        if text:
            commented = style.comments == 2 or (style.comments and rng.chance(0.3))
            note = f"  # {draw_comment(rng, style.tone, role)}" if commented else ""
            lines.append(f"{name} = {text}{note}")
    return lines


def integer_text(variables: DeclaredVariables, rng: PortableRng) -> str:
    """Which variables are whole numbers; "" if none is."""
    places, dim = variables.integer, variables.dim
    if not places:
        return ""
    if len(places) == dim and rng.chance(0.6):
        return "True"
    if dim <= MASK_DIM and rng.chance(0.25):
        return str([k in places for k in range(dim)])
    first, last = places[0], places[-1] + 1
    if len(places) > 3 and last - first == len(places):
        return f"list(range({last}))" if first == 0 else f"list(range({first}, {last}))"
    return str(list(places))


def step_text(variables: DeclaredVariables) -> str:
    """Steps; "" if there are none."""
    if not any(variables.steps):
        return ""
    if len(set(variables.steps)) == 1:
        return signed(variables.steps[0], False)
    return number_list(variables.steps, False)


def start_text(variables: DeclaredVariables, style: PythonStyle, rng: PortableRng) -> str:
    """The starting point."""
    start, arrays = variables.start, style.notation.library == "np."
    assert start is not None
    if start in (variables.lower, variables.upper) and rng.chance(0.4):
        name = "LOWER" if start == variables.lower else "UPPER"
        return rng.choice((f"list({name})", *((f"np.array({name})",) if arrays else ())))
    count = style.dim_name if style.dim_name and not style.dim_local else str(variables.dim)
    floats = rng.chance(0.6)
    if len(set(start)) == 1:
        value = signed(start[0], floats)
        forms = [f"[{value}] * {count}"] * 2
        if arrays and start[0] in (0, 1):
            forms += [f"np.{'ones' if start[0] else 'zeros'}({count})"] * 2
        elif arrays:
            forms += [f"np.full({count}, {value})"]
        return rng.choice(forms)
    text = number_list(start, floats, runs=variables.dim > 4)
    return f"np.array({text})" if arrays and rng.chance(0.3) else text
