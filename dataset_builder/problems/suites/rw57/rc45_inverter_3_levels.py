# Synchronous optimal pulse-width modulation of a 3-level inverter: 25 switching angles in degrees, least harmonic distortion
import numpy as np

ORDERS = np.array(
    [
        5,
        7,
        11,
        13,
        17,
        19,
        23,
        25,
        29,
        31,
        35,
        37,
        41,
        43,
        47,
        49,
        53,
        55,
        59,
        61,
        65,
        67,
        71,
        73,
        77,
        79,
        83,
        85,
        91,
        95,
        97,
    ]
)
SIGNS = (-1.0) ** np.arange(2, 27)
LOWER = [0] * 25
UPPER = [90] * 25
MAX_EVALS = 4000


def objective(x):
    harmonics = np.cos(np.outer(ORDERS, np.radians(x))) @ SIGNS
    return np.sqrt(np.sum(harmonics**2 / ORDERS**4.0) / np.sum(1 / ORDERS**4.0))


def inequality(x):
    return np.asarray(x)[:-1] - np.asarray(x)[1:] + 1e-6  # angles ascend


def equality(x):
    return SIGNS @ np.cos(np.radians(x)) - 0.32  # modulation index


SOURCE = "Kumar et al. 2020, doi:10.1016/j.swevo.2020.100693, RC45; the suite's MATLAB text decides; best known value of its guidelines"
F_STAR = 0.03073936
