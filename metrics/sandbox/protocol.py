"""Protocol between a confined program and the evaluator: frames of float64 or JSON, never pickles.

A frame is a header (magic, kind, rows, columns; 24 bytes) and a body: rows x columns float64 in row order
(values: f of all points first, then g row by row, then h), or, for text frames, ``rows`` bytes of UTF-8 JSON
with columns 0. There is one pipe for frames to the evaluator and one for frames to the program.
"""

from __future__ import annotations

import enum
import json
import os
import struct
from typing import Any

import numpy as np

HEADER = struct.Struct("<4sI2q")
MAGIC = b"LMC1"
MAX_TEXT_BYTES = 1 << 16


class Kind(enum.IntEnum):
    """Kind of a frame."""

    # To the program.
    JOB = 1  # text: what to do
    VALUES = 2  # (N, 1 + Mg + Mh): f, g, h
    REFUSED = 3  # the evaluation budget is spent
    POINTS = 4  # (N, D): where to evaluate the program's own problem
    # From the program.
    READY = 10  # confined
    EVALUATE = 11  # (N, D): points to evaluate
    RETURNED = 12  # (1, D): the point that optimize returned
    FAILED = 13  # text: the exception
    NOTE = 14  # text: about to do what the kernel will kill it for
    BOX = 15  # (3, D): lower, upper, budget of the program's own problem
    STATED = 16  # (N, 2 + Mg + Mh): Mg, then its values


TEXT_KINDS = (Kind.JOB, Kind.FAILED, Kind.NOTE)
_NUMBERS = frozenset(Kind)


class ProtocolError(Exception):
    """A frame that no honest client sends."""


def head(kind: Kind, rows: int = 0, columns: int = 0) -> bytes:
    """The header of a frame; a complete frame where there is no body."""
    return HEADER.pack(MAGIC, kind, rows, columns)


def frame(kind: Kind, body: np.ndarray) -> bytes:
    """A frame of float64."""
    return head(kind, *body.shape) + np.ascontiguousarray(body, dtype="<f8").tobytes()


def text_frame(kind: Kind, content: dict[str, Any]) -> bytes:
    """A frame of JSON."""
    body = json.dumps(content).encode()
    return head(kind, len(body)) + body


def parse_header(data: bytes | bytearray) -> tuple[Kind, int, int, int]:
    """Read a header: kind, rows, columns and size of the body in bytes.

    Raises:
        ProtocolError: if it is not one.
    """
    magic, number, rows, columns = HEADER.unpack_from(data)
    if magic != MAGIC or number not in _NUMBERS or rows < 0 or columns < 0:
        raise ProtocolError("bytes that are no frame on the evaluation channel")
    kind = Kind(number)
    return kind, rows, columns, rows if kind in TEXT_KINDS else rows * columns * 8


def matrix(body: bytes | bytearray, rows: int, columns: int) -> np.ndarray:
    """The body of a frame as an array (rows, columns), which shares its memory."""
    return np.frombuffer(body, dtype="<f8").reshape(rows, columns)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte to a blocking descriptor."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def read_exactly(descriptor: int, size: int) -> bytes:
    """Read that many bytes from a blocking descriptor.

    Raises:
        EOFError: if the other side closed it.
    """
    parts = []
    while size:
        part = os.read(descriptor, size)
        if not part:
            raise EOFError("the evaluator has gone")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def read_frame(descriptor: int) -> tuple[Kind, int, int, bytes]:
    """Read one frame from a blocking descriptor: kind, rows, columns, body."""
    kind, rows, columns, size = parse_header(read_exactly(descriptor, HEADER.size))
    return kind, rows, columns, read_exactly(descriptor, size)
