# Gear train: a ratio as close to 1/6.931 as four gears give. The official text never rounds the teeth, so the optimum is exactly 0.
LOWER = [12] * 4
UPPER = [60] * 4
MAX_EVALS = 2000


def objective(x):
    return (1 / 6.931 - x[0] * x[1] / (x[2] * x[3])) ** 2


SOURCE = "Kumar et al. 2020, doi:10.1016/j.swevo.2020.100693, RC31; the suite's MATLAB text decides; best known value of its guidelines; no constraint and no rounding in the MATLAB text, one of each kind in the guidelines"
F_STAR = 0.0
