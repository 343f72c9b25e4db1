"""scipy's functions as a person's file sees them while it is traced: run on plain values (see ``traced_opaque``).

What they do inside is not seen. They are written down as the operation that comes nearest: a spline is a power, a special function
or the solution of a differential equation an exponential, the root of an equation a root. Integrals are linear in their integrand,
which is followed.
"""

from __future__ import annotations

import types
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.profiling.traced_opaque import Opaque, elementwise, opaque

# By module: names, and what they are written down as.
_WHOLE: dict[str, dict[str | None, str]] = {
    "scipy.integrate": {
        None: "quad dblquad tplquad nquad fixed_quad quad_vec tanhsinh romb",
        "exp": "odeint solve_ivp solve_bvp",
    },
    "scipy.optimize": {
        "root": "brentq brenth bisect ridder newton toms748 fsolve root root_scalar minimize minimize_scalar fminbound fmin least_squares "
        "nnls lsq_linear linprog fixed_point"
    },
    "scipy.linalg": {"exp": "expm expm_multiply", "root": "sqrtm", "log": "logm"},
    "scipy.interpolate": {
        "comparison": "RegularGridInterpolator LinearNDInterpolator NearestNDInterpolator interpn griddata",
        "power": "RectBivariateSpline SmoothBivariateSpline CloughTocher2DInterpolator splev bisplev",
        "exp": "Rbf RBFInterpolator",
    },
    "scipy.special": {"exp": "logsumexp softmax log_softmax comb perm factorial multigammaln"},
}
_BY_POINT: dict[str, dict[str | None, str]] = {
    "scipy.interpolate": {
        "comparison": "interp1d",
        "power": "CubicSpline PchipInterpolator Akima1DInterpolator CubicHermiteSpline UnivariateSpline InterpolatedUnivariateSpline "
        "LSQUnivariateSpline BSpline PPoly BarycentricInterpolator KroghInterpolator make_interp_spline make_lsq_spline "
        "make_smoothing_spline",
    }
}
# Special functions that are something else than exponentials, by how their names begin.
_SPECIAL = {
    **dict.fromkeys(("log", "gammaln", "loggamma", "xlog", "psi", "digamma", "entr", "spence"), "log"),
    **dict.fromkeys(
        ("jv", "jn", "j0", "j1", "yv", "yn", "y0", "y1", "sin", "sici", "struve", "airy", "spherical"), "sin"
    ),
    **dict.fromkeys(("cos",), "cos"),
    **dict.fromkeys(("cbrt",), "root"),
    **dict.fromkeys(("huber", "pseudo_huber", "round"), "comparison"),
}


def scipy_functions(module: types.ModuleType) -> dict[str, Any]:
    """Functions of a module of scipy by name."""
    name = module.__name__
    functions: dict[str, Any] = {}
    for by_point, table in ((False, _WHOLE), (True, _BY_POINT)):
        for operation, names in table.get(name, {}).items():
            for part in names.split():
                if hasattr(module, part):
                    functions[part] = opaque(getattr(module, part), operation, by_point)
    if name == "scipy.special":
        functions |= {
            part: elementwise(function, _special(part))
            for part, function in vars(module).items()
            if isinstance(function, np.ufunc) and function.nout == 1
        }
    if name == "scipy.stats":
        functions |= {
            part: Opaque(value, "exp", by_point=True)
            for part, value in vars(module).items()
            if isinstance(value, module.rv_continuous)
        }
    return functions


def _special(name: str) -> str:
    return next((operation for start, operation in _SPECIAL.items() if name.startswith(start)), "exp")
