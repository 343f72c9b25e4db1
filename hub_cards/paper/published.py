"""The figures of the paper's own tables, arXiv 2403.01131, as far as its scan can be read without doubt.

Percentages are in percent, as printed; intervals behind a plus-minus sign are left out. The scan has no page numbers, so a table is
named by its number and section. ``NOTES`` says, table by table, what was not transcribed and why. These are other problems, other optimizers' settings
and other models than ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Scores(NamedTuple):
    """Scores of a system on a test set: Err, Rec, Perf in percent, Comp in thousands of tokens. None: not printed, or not legible."""

    err: float | None = None
    rec: float | None = None
    perf: float | None = None
    comp: float | None = None


SECTIONS: Mapping[str, str] = {
    "I": "IV-B1",
    "II": "IV-B1",
    "III": "IV-B2",
    "IV": "IV-B4",
    "V": "IV-C3",
    "VI": "IV-B5",
    "VII": "IV-D1",
}

SYSTEMS = (
    "OPRO",
    "LMEA",
    "CodeGen-Mono-350M",
    "Phi-2-2.7B",
    "DeepSeekMath-Instruct-7B",
    "GPT-4 Turbo",
    "Code Llama-7B",
    "Llama2-70B",
    "Codex-12B",
    "LLaMoCo-S",
    "LLaMoCo-M",
    "LLaMoCo-L",
)


def _by_system(values: tuple[tuple[float | None, ...], ...]) -> dict[str, Scores]:
    return {name: Scores(*column) for name, column in zip(SYSTEMS, zip(*values, strict=True), strict=True)}


_NONE = (None,) * len(SYSTEMS)
_TOKENS = (115.0, 249.0, *_NONE[2:])

TABLE_I: Mapping[str, Mapping[str, Scores]] = {
    "unconstrained": _by_system(
        (
            (None, None, 99.864, 97.413, 71.564, 43.333, 98.184, 99.673, 40.315, 5.437, 4.414, 4.697),
            (None, None, 80.234, 72.242, 13.483, 9.942, 67.857, 62.232, 9.217, 9.684, 10.101, 9.947),
            (29.499, 20.350, 12.341, 17.313, 58.568, 71.783, 14.089, 18.922, 74.341, 85.360, 86.412, 85.810),
            _TOKENS,
        )
    ),
    "constrained": _by_system(
        (
            _NONE,
            (None, None, 78.341, 54.156, 12.145, 16.463, 44.938, 49.202, 15.221, 11.861, 10.443, 10.584),
            _NONE,
            _TOKENS,
        )
    ),
    "all": _by_system(
        (
            (None, None, 99.421, 94.314, 69.371, 41.667, 95.156, 99.617, 39.679, 5.580, 5.434, 5.509),
            _NONE,
            (17.821, 14.762, *_NONE[2:]),
            _TOKENS,
        )
    ),
}

TABLE_II: Mapping[str, Scores] = {
    "GPT-4 Turbo (few-shot)": Scores(10.546, 8.423, 76.568, 7.0),
    "Code Llama-7B (few-shot)": Scores(15.235, 29.445, 45.775, 6.1),
    "Llama2-70B (few-shot)": Scores(10.235, 7.456, 37.456, 6.5),
    "LLaMoCo (the scan names no size; Err and Rec are those of L)": Scores(5.509, 10.461, 83.451, 2.4),
}

# Perf by problem, columns as in SYSTEMS.
# fmt: off
TABLE_III: Mapping[str, tuple[float, ...]] = {
    "Haverly's Pooling": (58.567, 46.852, 43.729, 50.345, 62.782, 63.487, 51.425, 49.488, 64.144, 83.152, 80.468, 86.758),
    "Multi-product batch plant": (37.153, 40.256, 33.154, 40.782, 57.121, 67.158, 53.187, 51.156, 67.034, 75.145, 78.851, 76.148),
    "Robot gripper": (26.488, 34.786, 43.155, 49.486, 59.478, 58.586, 55.406, 52.045, 59.922, 61.798, 64.587, 62.891),
    "Wind Farm Layout": (31.499, 29.457, 19.456, 34.498, 53.145, 58.489, 46.487, 44.267, 58.950, 75.412, 75.654, 77.364),
    "SOPWM for 3-level inverters": (34.125, 36.445, 40.564, 46.557, 66.784, 76.447, 70.887, 68.456, 75.558, 81.364, 82.457, 82.669),
    "Protein Docking": (28.315, 17.342, 18.348, 40.348, 61.783, 74.284, 39.341, 37.481, 75.535, 80.734, 81.044, 81.532),
    "HPO": (58.567, 46.852, 43.729, 50.345, 62.782, 63.487, 51.425, 49.488, 65.462, 83.657, 80.468, 83.152),
    "Neuroevolution": (18.243, 19.423, 24.354, 26.487, 34.364, 37.145, 32.451, 35.478, 37.005, 57.364, 58.145, 57.341),
    "UAV Path Planning": (37.845, 39.464, 47.784, 49.987, 69.348, 68.882, 42.456, 41.014, 69.054, 80.153, 81.553, 84.462),
    "Heat exchanger network design": (43.151, 47.597, 59.460, 58.010, 68.124, 68.691, 44.166, 39.396, 68.143, 82.192, 82.111, 83.690),
    "Reactor network design": (38.933, 39.659, 56.300, 59.877, 66.614, 67.038, 50.505, 49.665, 66.929, 80.341, 84.980, 83.364),
    "Industrial refrigeration system": (30.642, 33.314, 44.984, 46.252, 58.805, 55.039, 39.951, 41.628, 56.608, 79.504, 77.261, 77.998),
    "Multiple disk clutch brake": (40.499, 40.587, 55.456, 58.128, 63.975, 64.221, 44.442, 42.360, 64.732, 77.247, 78.691, 79.945),
    "Rolling element bearing": (32.246, 32.369, 43.694, 45.694, 55.555, 56.094, 38.442, 37.310, 56.312, 63.154, 63.057, 65.972),
    "Gear train design": (35.648, 37.557, 46.949, 48.642, 59.694, 60.159, 48.642, 48.212, 60.606, 78.681, 79.298, 80.482),
    "Beef cattle feed ration": (36.541, 38.448, 50.694, 55.535, 63.269, 62.566, 47.238, 46.456, 63.121, 76.548, 77.941, 79.960),
}
# fmt: on

# Perf by model and by pairs of the training set.
TABLE_IV_PAIRS = ("1k", "5k", "15k", "30k")
TABLE_IV: Mapping[str, tuple[float, ...]] = {
    "350M": (47.260, 66.661, 80.306, 81.843),
    "1B": (46.799, 67.829, 81.783, 82.541),
    "3B": (47.131, 68.492, 82.501, 83.315),
    "7B": (45.645, 70.147, 82.966, 83.513),
}

# Performance in percent of the paper's own grid, seconds of search for a problem.
TABLE_V: Mapping[str, tuple[float, float]] = {
    "half": (71.793, 6.0),
    "ours": (100.0, 211.0),
    "double": (102.344, 6379.0),
}


class Selection(NamedTuple):
    """Perf in percent on the test set and on the realistic problems, and seconds for an instance."""

    test: float
    realistic: float
    seconds: float


TABLE_VI: Mapping[str, Selection] = {
    "SBS": Selection(69.475, 73.158, 1.9),
    "PIAS": Selection(62.341, 68.397, 2.1),
    "AS-LLM": Selection(55.157, 61.461, 6.1),
    "SBS + SMAC3": Selection(75.339, 79.239, 12.1),
    "PIAS + SMAC3": Selection(71.974, 75.985, 12.1),
    "AS-LLM + SMAC3": Selection(59.782, 64.942, 14.5),
    "LLaMoCo-S": Selection(81.843, 88.135, 5.9),
}

TABLE_VII: Mapping[str, Scores] = {
    "GPT-4 Turbo": Scores(41.667, 13.072, 74.248, 3.5),
    "GPT-4o": Scores(33.771, 14.405, 75.193, 3.6),
    "o1-mini": Scores(3.355, 10.299, 80.269, 4.1),
    "o1-preview": Scores(4.107, 10.641, 79.945, 4.1),
    "GPT-4 vector search": Scores(9.336, 12.853, 79.944, 7.1),
    "LLaMoCo-S": Scores(5.580, 10.826, 81.843, 2.4),
    "LLaMoCo-M": Scores(5.434, 10.349, 86.412, 2.4),
    "LLaMoCo-L": Scores(5.509, 10.461, 85.810, 2.4),
}

R_ACC = {"LLaMoCo": 98.3, "GPT models": 70.6}  # section IV-D3

NOTES: Mapping[str, str] = {
    "I": "In the scan the cells of Table I have slipped between rows. Not transcribed: Comp but for OPRO and LMEA; Err and Perf on the constrained "
    "problems; Rec and Perf of programs on all problems (Table VII has some of them). The row of Err on all problems stands beside the "
    "label Rec; Table VII repeats four of its values as Err.",
    "II": "The Perf of LLaMoCo, 83.451%, is none of those in Table VII.",
    "III": "The scan heads one column CodeGen-7B; by the order of Table I it is Code Llama-7B. Two problems (pooling, HPO) have nearly the "
    "same row.",
    "IV": "The paper's 350M model on 30k pairs is its LLaMoCo-S.",
    "V": "The paper prints 1 for its own grid, here 100%.",
    "VI": "",
    "VII": "M and L have the Perf here that Table I gives them on the unconstrained problems.",
}
