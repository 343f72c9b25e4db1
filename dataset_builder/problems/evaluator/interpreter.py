"""The interpreter that runs every compiled ``SymbolicProblem``: one set of Numba kernels, compiled once and kept on disk.

A program (see ``bytecode``) is a row of instructions over registers. A register has ``n`` entries for each of ``b`` points, entry by
entry: the b values of an entry are neighbours, so that a block of points is processed by vector instructions, and a single point
(b = 1) is as well where registers are long. Registers lie in one scratch memory that all programs share; a kernel does not release
the GIL, so two threads cannot meet in it.

Arrays are handed over by address: an array object costs 0.1 us to take apart, and there would be five of them. ``compiled`` owns the
arrays and sees to their lengths; nothing here does. Division and elementary functions follow IEEE 754: no exceptions, no fast-math.

Numba takes its kernels from disk while this file is as old as they are: change it (a space will do) when ``bytecode`` or ``kernels``
changes.
"""

from __future__ import annotations

import math

import numpy as np
from numba import types

from llamoco.dataset_builder.problems.evaluator import bytecode as op
from llamoco.dataset_builder.problems.evaluator.kernels import INT, POINT, POINTS, floats, integers, kernel


@kernel(types.void(INT, INT, INT))
def _execute(code_at: int, scratch_at: int, b: int) -> None:
    """Run a program's instructions over b points, whose coordinates are the first register."""
    code = integers(code_at)
    constants_at = code[op.CONSTANTS]
    at = op.HEADER
    for _ in range(code[op.INSTRUCTIONS]):
        operation, form, n = code[at], code[at + 1], code[at + 2]
        to = floats(scratch_at + 8 * b * code[at + 3])
        a = floats(scratch_at + 8 * b * code[at + 4])
        second = code[at + 5]
        c = floats(constants_at + 8 * second)
        at += op.WIDTH
        if form == op.REGISTER:
            c = floats(scratch_at + 8 * b * second)
        elif form == op.ENTRIES and b == 1:
            form = op.REGISTER
        m = n * b
        if operation == op.ADD:
            if form == op.REGISTER:
                for k in range(m):
                    to[k] = a[k] + c[k]
            elif form == op.NUMBER:
                number = c[0]
                for k in range(m):
                    to[k] = a[k] + number
            else:
                for e in range(n):
                    number = c[e]
                    for k in range(e * b, e * b + b):
                        to[k] = a[k] + number
        elif operation == op.MULTIPLY:
            if form == op.REGISTER:
                for k in range(m):
                    to[k] = a[k] * c[k]
            elif form == op.NUMBER:
                number = c[0]
                for k in range(m):
                    to[k] = a[k] * number
            else:
                for e in range(n):
                    number = c[e]
                    for k in range(e * b, e * b + b):
                        to[k] = a[k] * number
        elif operation == op.GATHER:
            table = integers(code_at + 8 * second)
            if b == 1:
                for k in range(n):
                    to[k] = a[table[k]]
            else:
                for e in range(n):
                    source = table[e] * b
                    for k in range(b):
                        to[e * b + k] = a[source + k]
        elif operation == op.BROADCAST:
            for e in range(n):
                for k in range(b):
                    to[e * b + k] = a[k]
        elif operation == op.SUM:
            table = integers(code_at + 8 * second)
            first = -1
            end = 0
            number = 0.0
            for e in range(n):
                going_on = table[2 * e] == first and table[2 * e + 1] >= end  # more of the same terms
                first = table[2 * e]
                begin = end if going_on else first
                end = table[2 * e + 1]
                if b == 1:
                    number = number if going_on else 0.0
                    for entry in range(begin, end):
                        number += a[entry]
                    to[e] = number
                else:
                    for k in range(e * b, e * b + b):
                        to[k] = to[k - b] if going_on else 0.0
                    for entry in range(begin, end):
                        for k in range(b):
                            to[e * b + k] += a[entry * b + k]
        elif operation == op.DOT:
            for k in range(m):
                to[k] = 0.0
            for entry in range(form):
                if b == 1:
                    number = a[entry]
                    for e in range(n):
                        to[e] += c[entry * n + e] * number
                else:
                    for e in range(n):
                        number = c[entry * n + e]
                        for k in range(b):
                            to[e * b + k] += number * a[entry * b + k]
        elif operation == op.PRODUCT:
            table = integers(code_at + 8 * second)
            for e in range(n):
                for k in range(b):
                    to[e * b + k] = 1.0
                for entry in range(table[2 * e], table[2 * e + 1]):
                    for k in range(b):
                        to[e * b + k] *= a[entry * b + k]
        elif operation == op.LARGEST:
            table = integers(code_at + 8 * second)
            for e in range(n):
                for k in range(b):
                    to[e * b + k] = -np.inf
                for entry in range(table[2 * e], table[2 * e + 1]):
                    for k in range(b):
                        value = a[entry * b + k]  # nan, once met, stays: nothing is above or below it
                        best = to[e * b + k]
                        to[e * b + k] = value if value > best or value != value else best
        elif operation == op.SMALLEST:
            table = integers(code_at + 8 * second)
            for e in range(n):
                for k in range(b):
                    to[e * b + k] = np.inf
                for entry in range(table[2 * e], table[2 * e + 1]):
                    for k in range(b):
                        value = a[entry * b + k]
                        best = to[e * b + k]
                        to[e * b + k] = value if value < best or value != value else best
        elif operation == op.SIN:
            for k in range(m):
                to[k] = math.sin(a[k])
        elif operation == op.COS:
            for k in range(m):
                to[k] = math.cos(a[k])
        elif operation == op.EXP:
            for k in range(m):
                to[k] = math.exp(a[k])
        elif operation == op.LOG:
            for k in range(m):
                to[k] = np.log(a[k])
        elif operation == op.SQRT:
            for k in range(m):
                to[k] = np.sqrt(a[k])
        elif operation == op.ABS:
            for k in range(m):
                to[k] = abs(a[k])
        elif operation == op.FLOOR:
            for k in range(m):
                to[k] = np.floor(a[k])
        elif operation == op.TAN:
            for k in range(m):
                to[k] = math.tan(a[k])
        elif operation == op.TANH:
            for k in range(m):
                to[k] = math.tanh(a[k])
        elif operation == op.ARCTAN:
            for k in range(m):
                to[k] = math.atan(a[k])
        elif operation == op.ARCSIN:
            for k in range(m):
                to[k] = np.arcsin(a[k])
        elif operation == op.ARCCOS:
            for k in range(m):
                to[k] = np.arccos(a[k])
        elif operation == op.SINH:
            for k in range(m):
                to[k] = math.sinh(a[k])
        elif operation == op.COSH:
            for k in range(m):
                to[k] = math.cosh(a[k])
        else:
            # Rarer: constants are written out for every point first, behind the registers.
            if form != op.REGISTER:
                spread = floats(scratch_at + 8 * b * code[op.REGISTERS])
                for e in range(n):
                    number = c[0] if form == op.NUMBER else c[e]
                    for k in range(e * b, e * b + b):
                        spread[k] = number
                c = spread
            if operation == op.SUBTRACT:
                for k in range(m):
                    to[k] = a[k] - c[k]
            elif operation == op.SUBTRACT_FROM:
                for k in range(m):
                    to[k] = c[k] - a[k]
            elif operation == op.DIVIDE:
                for k in range(m):
                    to[k] = a[k] / c[k]
            elif operation == op.DIVIDE_INTO:
                for k in range(m):
                    to[k] = c[k] / a[k]
            elif operation == op.POWER:
                for k in range(m):
                    to[k] = a[k] ** c[k]
            elif operation == op.POWER_OF:
                for k in range(m):
                    to[k] = c[k] ** a[k]
            elif operation == op.MAXIMUM:
                for k in range(m):
                    to[k] = a[k] if a[k] > c[k] or a[k] != a[k] else c[k]
            elif operation == op.MINIMUM:
                for k in range(m):
                    to[k] = a[k] if a[k] < c[k] or a[k] != a[k] else c[k]


@kernel(types.float64(INT, INT, INT, INT, INT))
def _eligible(code_at: int, box_at: int, x_at: int, g_at: int, h_at: int) -> float:
    """1 if a point lies within the bounds and satisfies the constraints, else 0.

    At ``box_at`` lie the lower bounds (D,), the upper bounds (D,) and the tolerances of inequalities and of equalities.
    """
    code = integers(code_at)
    dim = code[op.DIM]
    box, x, g, h = floats(box_at), floats(x_at), floats(g_at), floats(h_at)
    for k in range(dim):
        if not (box[k] <= x[k] <= box[dim + k]):
            return 0.0
    for k in range(code[op.INEQUALITIES]):
        if not g[k] <= box[2 * dim]:
            return 0.0
    for k in range(code[op.EQUALITIES]):
        if not abs(h[k]) <= box[2 * dim + 1]:
            return 0.0
    return 1.0


@kernel(types.void(INT, INT, INT, INT, INT, INT))
def _output(code_at: int, scratch_at: int, b: int, f_at: int, g_at: int, h_at: int) -> None:
    """Copy f (b,), g (b, Mg) and h (b, Mh) out of the registers."""
    code = integers(code_at)
    table = integers(code_at + 8 * code[op.OUTPUTS])
    registers, constants = floats(scratch_at), floats(code[op.CONSTANTS])
    n_g, n_h = code[op.INEQUALITIES], code[op.EQUALITIES]
    for column in range(1 + n_g + n_h):
        width = 1
        to = floats(f_at)
        if column > n_g:
            width = n_h
            to = floats(h_at + 8 * (column - 1 - n_g))
        elif column > 0:
            width = n_g
            to = floats(g_at + 8 * (column - 1))
        address = table[2 * column + 1]
        for k in range(b):
            if table[2 * column] == op.REGISTER:
                to[k * width] = registers[address * b + k]
            else:
                to[k * width] = constants[address]


@kernel(types.float64(INT, INT, INT, INT, POINTS, types.float64[::1]))
def evaluate(
    code_at: int, scratch_at: int, block: int, box_at: int, points: np.ndarray, out: np.ndarray
) -> float:
    """Evaluate points (N, D), ``block`` at a time.

    out takes f (N,), g (N, Mg) and h (N, Mh), one behind the other. If ``box_at`` is not 0, out takes f (N,) once more,
    with inf where a point is not eligible to be the best (see ``_eligible``); the least of these is returned.
    """
    code = integers(code_at)
    registers = floats(scratch_at)
    dim, n_g, n_h = code[op.DIM], code[op.INEQUALITIES], code[op.EQUALITIES]
    count = len(points)
    f_at = out.ctypes.data
    best = np.inf
    for start in range(0, count, block):
        b = min(block, count - start)
        for k in range(b):
            for d in range(dim):
                registers[d * b + k] = points[start + k, d]
        _execute(code_at, scratch_at, b)
        g_at = f_at + 8 * (count + start * n_g)
        h_at = f_at + 8 * (count + count * n_g + start * n_h)
        _output(code_at, scratch_at, b, f_at + 8 * start, g_at, h_at)
        if box_at:
            for k in range(b):
                x_at = points.ctypes.data + 8 * dim * (start + k)
                f = out[start + k]
                if not (
                    np.isfinite(f)
                    and _eligible(code_at, box_at, x_at, g_at + 8 * k * n_g, h_at + 8 * k * n_h)
                ):
                    f = np.inf
                out[count * (1 + n_g + n_h) + start + k] = f
                best = min(best, f)
    return best


@kernel(types.float64(INT, INT, INT, INT, POINT))
def request(code_at: int, scratch_at: int, box_at: int, last_at: int, x: np.ndarray) -> float:
    """Evaluate one point (D,) unless it repeats the last request.

    At ``last_at`` lie 1 (or 0: there is no last request), its x (D,), f, g (Mg,) and h (Mh,); for ``box_at`` see ``_eligible``.

    Returns:
        nan if the request repeats the last one; f, or inf where x is not eligible to be the best.
    """
    code = integers(code_at)
    dim = code[op.DIM]
    last = floats(last_at)
    x_at = x.ctypes.data
    new, old = integers(x_at), integers(last_at + 8)
    same = last[0] == 1.0
    for k in range(dim):
        same = same and new[k] == old[k]
    if same:
        return np.nan
    registers = floats(scratch_at)
    last[0] = 1.0
    for k in range(dim):
        registers[k] = last[1 + k] = x[k]
    _execute(code_at, scratch_at, 1)
    f_at = last_at + 8 * (1 + dim)
    g_at = f_at + 8
    h_at = g_at + 8 * code[op.INEQUALITIES]
    _output(code_at, scratch_at, 1, f_at, g_at, h_at)
    f = last[1 + dim]
    if np.isfinite(f) and _eligible(code_at, box_at, x_at, g_at, h_at):
        return f
    return np.inf
