# Parameters of a frequency-modulated sound wave
import numpy as np

t = np.arange(101) * 2 * np.pi / 100
LOWER = [-6.4] * 6
UPPER = [6.35] * 6
MAX_EVALS = 5000


def wave(a1, w1, a2, w2, a3, w3):
    return a1 * np.sin(w1 * t + a2 * np.sin(w2 * t + a3 * np.sin(w3 * t)))


target = wave(1.0, 5.0, -1.5, 4.8, 2.0, 4.9)


def objective(x):
    return np.sum((wave(*x) - target) ** 2)


SOURCE = "Das, Suganthan 2010, CEC 2011 real-world problems, T01 (frequency-modulated sound); zero at (1, 5, -1.5, 4.8, 2, 4.9)"
F_STAR = 0.0
