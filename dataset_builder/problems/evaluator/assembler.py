"""Assembler: bytecode written instruction by instruction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from llamoco.dataset_builder.problems.evaluator import bytecode as op


@dataclass(frozen=True)
class Program:
    """Code (int64) and constants (float64) as ``bytecode`` describes them."""

    code: np.ndarray
    constants: np.ndarray

    @property
    def registers(self) -> int:
        """Entries of all registers together."""
        return int(self.code[op.REGISTERS])

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of variables, inequalities and equalities."""
        dim, inequalities, equalities = self.code[[op.DIM, op.INEQUALITIES, op.EQUALITIES]].tolist()
        return dim, inequalities, equalities


class Assembler:
    """Collects instructions, tables and constants. What was written before is not written again."""

    def __init__(self, dim: int) -> None:
        self._dim = dim
        self._registers = dim  # x is the first register
        self._code: list[int] = []
        self._with_table: list[int] = []  # places in the code that hold addresses of tables
        self._tables: list[int] = []
        self._constants: list[np.ndarray] = []
        self._constants_size = 0
        self._results: dict[tuple[int, ...], int] = {}
        self._known_tables: dict[bytes, int] = {}
        self._known_constants: dict[bytes, int] = {}

    def emit(self, operation: int, n: int, a: int, second: int = 0, form: int = 0) -> int:
        """Write an instruction; returns the address of the register of n entries that it fills."""
        key = (operation, form, n, a, second)
        address = self._results.get(key)
        if address is None:
            address = self._results[key] = self._registers
            self._registers += n
            self._code += (operation, form, n, address, a, second)
        return address

    def emit_with_table(self, operation: int, n: int, a: int, table: np.ndarray) -> int:
        """``emit`` with a table of integers as the second operand."""
        content = table.tobytes()
        address = self._known_tables.get(content)
        if address is None:
            address = self._known_tables[content] = len(self._tables)
            self._tables += table.reshape(-1).tolist()
        before = len(self._code)
        result = self.emit(operation, n, a, address)
        if len(self._code) > before:
            self._with_table.append(len(self._code) - 1)
        return result

    def constants(self, values: np.ndarray) -> int:
        """The address of constants (n,)."""
        content = values.tobytes()
        address = self._known_constants.get(content)
        if address is None:
            address = self._known_constants[content] = self._constants_size
            self._constants.append(values)
            self._constants_size += len(values)
        return address

    def finish(self, outputs: list[tuple[int, int]], inequalities: int, equalities: int) -> Program:
        """The program. Outputs are f, g and h as pairs of REGISTER or NUMBER and its address."""
        header = [0] * op.HEADER
        first_table = len(header) + len(self._code)
        for place in self._with_table:
            self._code[place] += first_table
        header[op.INSTRUCTIONS] = len(self._code) // op.WIDTH
        header[op.REGISTERS] = self._registers
        header[op.OUTPUTS] = first_table + len(self._tables)
        header[op.DIM] = self._dim
        header[op.INEQUALITIES] = inequalities
        header[op.EQUALITIES] = equalities
        table = [number for output in outputs for number in output]
        return Program(
            np.array(header + self._code + self._tables + table, dtype=np.int64),
            np.concatenate([*self._constants, np.zeros(1)]),
        )
