# Multiple disk clutch brake: inner and outer radius, thickness, force, number of surfaces
from math import pi

Mf, Ms, Iz, n, Tmax, s, delta = 3, 40, 55, 250, 15, 1.5, 0.5
Vmax, rho, pmax, mu, Lmax, dR = 10, 0.0000078, 1, 0.6, 30, 20
LOWER = [60, 90, 1, 0, 2]
UPPER = [80, 110, 3, 1000, 9]
MAX_EVALS = 2000


def objective(x):
    ri, ro, t, F, Z = x
    return pi * (ro**2 - ri**2) * t * (Z + 1) * rho


def inequality(x):
    ri, ro, t, F, Z = x
    cubes = ro**3 - ri**3
    area = ro**2 - ri**2
    V = pi * (2 / 3 * cubes / (ro**2 * ri**2)) * n / 30
    p = F / (pi * area)
    Mh = 2 / 3 * mu * F * Z * cubes / area
    T = Iz * pi * n / 30 / (Mh + Mf)
    return [
        ri - ro + dR,
        (Z + 1) * (t + delta) - Lmax,
        p - pmax,
        p * V - pmax * Vmax,
        V - Vmax,
        T - Tmax,
        s * Ms - Mh,
        -T,
    ]


SOURCE = "Kumar et al. 2020, doi:10.1016/j.swevo.2020.100693, RC21; the suite's MATLAB text decides; best known value of its guidelines; 8 inequalities in the MATLAB text, 7 in its parameter table; no variable is rounded there"
F_STAR = 0.2352424579
