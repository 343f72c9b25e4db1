# Gibbs energy of a mixture
import numpy as np

c = np.array([-6.089, -17.164, -34.054, -5.914, -24.721, -14.986, -24.1, -10.708, -26.662, -22.179])
LOWER = [1e-6] * 10
UPPER = [10] * 10
MAX_EVALS = 3000


def objective(x):
    return x @ (c + np.log(x / x.sum()))


def equality(x):
    return [
        x[0] + 2 * x[1] + 2 * x[2] + x[5] + x[9] - 2,
        x[3] + 2 * x[4] + x[5] + x[6] - 1,
        x[2] + x[6] + x[7] + 2 * x[8] + x[9] - 1,
    ]


SOURCE = "Liang et al. 2006, CEC 2006 constrained real-parameter optimization, technical report, g14; Hock, Schittkowski 1981, doi:10.1007/978-3-642-48320-2, problem 112; with |h| <= 1e-4"
F_STAR = -47.7648884595
