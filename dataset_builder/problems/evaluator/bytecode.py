"""The instructions that the ``compiler`` writes and the ``interpreter`` runs, and the layout of a program's header.

An instruction is six integers: operation, form, n, to, a, second. It fills n entries of a register from the register at ``a`` and
the second operand, whose place is told by the form; addresses are numbers of entries.
"""

WIDTH = 6

# Header of a program.
INSTRUCTIONS = 0  # their number
REGISTERS = 1  # entries of all registers together; x is the first
OUTPUTS = 2  # address of the table of f, g and h: pairs (REGISTER or NUMBER, its address)
DIM = 3
INEQUALITIES = 4
EQUALITIES = 5
CONSTANTS = 6  # where they lie in memory: an address in bytes
HEADER = 7

# Forms: what the second operand is.
REGISTER = -1  # n entries
NUMBER = -2  # one constant
ENTRIES = -3  # n constants

# Operations of n entries and n entries.
ADD = 0
MULTIPLY = 1
SUBTRACT = 2
SUBTRACT_FROM = 3  # second - a
DIVIDE = 4
DIVIDE_INTO = 5  # second / a
POWER = 6
POWER_OF = 7  # second ** a
MAXIMUM = 8
MINIMUM = 9

# Operations by a table in the program, whose address is the second operand.
GATHER = 10  # entry table[e] of a
SUM = 11  # over entries table[2 e] to table[2 e + 1] - 1 of a; so PRODUCT, LARGEST and SMALLEST
PRODUCT = 12
LARGEST = 13
SMALLEST = 14

BROADCAST = 15  # the one entry of a, n times
DOT = 16  # entry e is the sum over k < form of constants[k n + e] times entry k of a

# Elementary functions, named as in ``expression.FUNCTIONS``.
SIN = 17
COS = 18
TAN = 19
EXP = 20
LOG = 21
SQRT = 22
ABS = 23
TANH = 24
FLOOR = 25
ARCTAN = 26
ARCSIN = 27
ARCCOS = 28
SINH = 29
COSH = 30
