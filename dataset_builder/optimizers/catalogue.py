"""The pool Lambda (paper, Sec. III-A2) as data: its optimizers, where they come from, the grids of constants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Value = int | float | bool
Config = dict[str, Value]

GROUPS = ("unconstrained", "constrained")  # of problems


def group_of(constrained: bool) -> str:
    """Group of a problem: "unconstrained" or "constrained"."""
    return GROUPS[constrained]


@dataclass(frozen=True)
class Optimizer:
    """Entry of one optimizer in the pool.

    Attributes:
        name: its file's name, and its name in decision lines, labels and tables.
        title: for people.
        reference: where it comes from, with the DOI where there is one.
        serves: the kind of problem it is benchmarked on: "nc" unconstrained, "c" constrained, or both.
        grid: values of each constant of the file. The first of each is the default, the literal in the file.
        max_evals_limit: it is not run on problems with a larger evaluation budget; None for no limit.
        dim_limit: it is not run on problems with more variables; None for no limit.
        limit_reason: why; empty without a limit.
        edition: "paper" for the paper's own 23, "extension" for later ones.
        in_default: whether it is in the pool that answers. Those that win at most 0.5% of the labels of either group are not:
            they race, and the data set's configuration ``paper`` has them.
    """

    name: str
    title: str
    reference: str
    serves: Literal["nc", "c", "both"]
    grid: dict[str, tuple[Value, ...]]
    max_evals_limit: int | None = None
    dim_limit: int | None = None
    limit_reason: str = ""
    edition: Literal["paper", "extension"] = "paper"
    in_default: bool = True

    def handles(self, constrained: bool) -> bool:
        """True if it serves constrained (or else unconstrained) problems."""
        return self.serves in ("both", "c" if constrained else "nc")

    def affords(self, dim: int, max_evals: int) -> bool:
        """True if it is run on problems of ``dim`` variables and ``max_evals`` evaluations."""
        return max_evals <= (self.max_evals_limit or max_evals) and dim <= (self.dim_limit or dim)

    @property
    def defaults(self) -> Config:
        """The configuration of the file as it stands."""
        return {constant: values[0] for constant, values in self.grid.items()}


_DIFFERENCES: tuple[Value, ...] = (1e-07, 1e-05, 0.001)
_CMA_GRID: dict[str, tuple[Value, ...]] = {"SIGMA0": (0.2, 0.1, 0.3, 0.05), "POP_FACTOR": (1, 2, 4)}

POOL: dict[str, Optimizer] = {
    optimizer.name: optimizer
    for optimizer in (
        Optimizer(
            "slsqp",
            "SLSQP, multistart",
            "D. Kraft, A software package for sequential quadratic programming, DFVLR-FB 88-28, 1988; "
            "TOMS 20(3), 1994, doi:10.1145/192115.192124",
            "both",
            {"FTOL": (1e-09, 1e-06), "EPS": _DIFFERENCES, "RESTART": (1.0, 0.3)},
        ),
        Optimizer(
            "trust_constr",
            "Trust-region interior point, multistart",
            "A. R. Conn, N. I. M. Gould, P. L. Toint, Trust Region Methods, SIAM, 2000, "
            "doi:10.1137/1.9780898719857",
            "both",
            {"RADIUS": (0.5, 1.0, 0.1), "EPS": _DIFFERENCES, "RESTART": (1.0, 0.3)},
        ),
        Optimizer(
            "l_bfgs_b",
            "L-BFGS-B, multistart",
            "R. H. Byrd, P. Lu, J. Nocedal, C. Zhu, SIAM J. Sci. Comput. 16(5), 1995, doi:10.1137/0916069",
            "nc",
            {"MAXCOR": (10, 30), "EPS": _DIFFERENCES, "RESTART": (1.0, 0.3)},
        ),
        Optimizer(
            "cobyla",
            "COBYLA, multistart",
            "M. J. D. Powell, A direct search optimization method that models the objective and "
            "constraint functions by linear interpolation, 1994, doi:10.1007/978-94-015-8330-5_4",
            "both",
            {"RHOBEG": (0.2, 0.05, 0.4), "TOL": (1e-06, 0.0001), "RESTART": (1.0, 0.3)},
        ),
        Optimizer(
            "cma_es",
            "CMA-ES with restarts",
            "N. Hansen, A. Ostermeier, Evol. Comput. 9(2), 2001, doi:10.1162/106365601750190398; "
            "constraints: A. Atamna, A. Auger, N. Hansen, FOGA 2017, https://hal.inria.fr/hal-01455379,"
            " as in pycma",
            "both",
            _CMA_GRID,
        ),
        Optimizer(
            "sep_cma_es",
            "sep-CMA-ES with restarts",
            "R. Ros, N. Hansen, PPSN 2008, doi:10.1007/978-3-540-87700-4_30",
            "nc",
            _CMA_GRID,
        ),
        Optimizer(
            "bipop_cma_es",
            "BIPOP-CMA-ES",
            "N. Hansen, GECCO 2009, doi:10.1145/1570256.1570333",
            "nc",
            _CMA_GRID,
        ),
        Optimizer(
            "mmes",
            "MMES, mixture model-based evolution strategy",
            "X. He, Z. Zheng, Y. Zhou, IEEE Trans. Evol. Comput. 25(2), 2021, doi:10.1109/TEVC.2020.3034769",
            "nc",
            _CMA_GRID,
        ),
        Optimizer(
            "de",
            "Differential evolution, DE/rand/1/bin",
            "R. Storn, K. Price, J. Glob. Optim. 11, 1997, doi:10.1023/A:1008202821328; feasibility "
            "rules: K. Deb, 2000, doi:10.1016/S0045-7825(99)00389-8; equalities relaxed first as in T. "
            "Takahama, S. Sakai, CEC 2006, doi:10.1109/CEC.2006.1688283",
            "both",
            {"POP_SIZE": (20, 10, 50), "F": (0.5, 0.8), "CR": (0.9, 0.3)},
        ),
        Optimizer(
            "madde",
            "MadDE",
            "S. Biswas, D. Saha, S. De, A. D. Cobb, S. Das, B. A. Jalaian, CEC 2021, "
            "doi:10.1109/CEC45853.2021.9504792",
            "nc",
            {"POP_SIZE": (20, 10, 50, 100), "P_BEST": (0.18, 0.1, 0.4)},
        ),
        Optimizer(
            "amcde",
            "AMCDE, steady monopoly and transient competition of mutations",
            "C. Ye et al., Differential evolution with alternation between steady monopoly and "
            "transient competition of mutation strategies, Swarm Evol. Comput. 83, 2023, "
            "doi:10.1016/j.swevo.2023.101403; constraints as in de",
            "both",
            {"POP_SIZE": (20, 10, 50), "P_BEST": (0.4, 0.15), "STAGNATION": (5, 20)},
        ),
        Optimizer(
            "heco_de",
            "HECO-DE, helper and equivalent objectives",
            "T. Xu, J. He, C. Shang, IEEE Trans. Cybern., 2020, arXiv:1903.04886; the subpopulation is a share "
            "of the first population, not a number",
            "c",
            {"POP_SIZE": (10, 20, 50), "LAMBDA": (0.5, 0.25, 1.0), "GAMMA": (0.1, 0.02, 0.7)},
            in_default=False,
        ),
        Optimizer(
            "pso",
            "Particle swarm optimization",
            "J. Kennedy, R. Eberhart, ICNN 1995, doi:10.1109/ICNN.1995.488968; inertia: Y. Shi, R. "
            "Eberhart, ICEC 1998, doi:10.1109/ICEC.1998.699146; constraints as in de",
            "both",
            {"POP_SIZE": (20, 10, 50), "W": (0.73, 0.5), "C": (1.5, 2.0)},
        ),
        Optimizer(
            "glpso",
            "GLPSO, genetic learning particle swarm optimization",
            "Y.-J. Gong, J.-J. Li, Y. Zhou, Y. Li, H. S.-H. Chung, Y.-H. Shi, J. Zhang, IEEE Trans. Cybern. "
            "46(10), 2016, doi:10.1109/TCYB.2015.2475174; constraints as in de",
            "both",
            {"POP_SIZE": (10, 20, 50), "W": (0.6, 0.73, 0.5), "PM": (0.01, 0.0, 0.05), "SG": (7, 3, 15)},
            in_default=False,
        ),
        Optimizer(
            "rl_pso",
            "Particle swarm optimization steered by Q-learning",
            "D. Wu, G. G. Wang, Employing reinforcement learning to enhance particle swarm optimization "
            "methods, Eng. Optim., 2022, doi:10.1080/0305215X.2020.1867120; their trained network is "
            "replaced by a table learned within the run",
            "nc",
            {"POP_SIZE": (10, 20, 50), "EPSILON": (0.1, 0.05, 0.3), "ALPHA": (0.1, 0.03, 0.3)},
            in_default=False,
        ),
        Optimizer(
            "ga",
            "Genetic algorithm, real-coded",
            "J. H. Holland, Adaptation in Natural and Artificial Systems, 1992, "
            "doi:10.7551/mitpress/1090.001.0001; operators of deap; constraints as in de",
            "both",
            {"POP_SIZE": (20, 10, 50), "CXPB": (0.9, 0.6), "MUTPB": (0.2, 0.05)},
            in_default=False,
        ),
        Optimizer(
            "samr_ga",
            "Genetic algorithm with self-adaptive mutation rates",
            "J. Clune, D. Misevic, C. Ofria, R. E. Lenski, S. F. Elena, R. Sanjuán, PLoS Comput. Biol. 4(9), "
            "2008, doi:10.1371/journal.pcbi.1000187; as SAMR of A. Kumar, B. Liu, R. Miikkulainen, P. Stone, "
            "GECCO 2022, doi:10.1145/3512290.3528706",
            "nc",
            {"POP_SIZE": (10, 20, 50), "META": (2.0, 1.5, 3.0), "ELITE": (0.2, 0.1, 0.4)},
            in_default=False,
        ),
        Optimizer(
            "constrained_ga",
            "Genetic algorithm for constrained problems",
            "F. Wang, G. Xu, M. Wang, An improved genetic algorithm for constrained optimization problems, "
            "IEEE Access 11, 2023; constraints as in de",
            "c",
            {"POP_SIZE": (10, 20, 50), "BETA": (0.5, 0.2, 0.8), "GAMMA": (5.0, 2.0, 10.0)},
            in_default=False,
        ),
        Optimizer(
            "simulated_annealing",
            "Simulated annealing",
            "S. Kirkpatrick, C. D. Gelatt, M. P. Vecchi, Science 220, 1983, "
            "doi:10.1126/science.220.4598.671; Cauchy steps: H. Szu, R. Hartley, Phys. Lett. A 122, "
            "1987, doi:10.1016/0375-9601(87)90796-1",
            "both",
            {"STEP": (0.2, 0.05, 0.5), "T0": (0.03, 0.3, 0.003)},
        ),
        Optimizer(
            "corana_sa",
            "Simulated annealing with a step for each variable",
            "A. Corana, M. Marchesi, C. Martini, S. Ridella, ACM TOMS 13(3), 1987, doi:10.1145/29380.29864; "
            "cooling follows the budget",
            "nc",
            {"T0": (0.01, 0.1, 0.001), "N_S": (5, 10, 2)},
        ),
        Optimizer(
            "dual_annealing",
            "Generalized simulated annealing with local search",
            "Y. Xiang, D. Y. Sun, W. Fan, X. G. Gong, Phys. Lett. A 233, 1997, "
            "doi:10.1016/S0375-9601(97)00474-X",
            "both",
            {"VISIT": (2.62, 2.3, 2.8), "INITIAL_TEMP": (5230.0, 500.0), "LOCAL_SEARCH": (True, False)},
            in_default=False,
        ),
        Optimizer(
            "gp_ei",
            "Bayesian optimization, Gaussian process and expected improvement",
            "D. R. Jones, M. Schonlau, W. J. Welch, J. Glob. Optim. 13, 1998, doi:10.1023/A:1008306431147",
            "nc",
            {"N_INIT": (10, 20, 5), "XI": (0.0, 0.01), "LOCAL": (0.1, 0.3)},
            max_evals_limit=200,
            limit_reason="1 ms an evaluation on average at 200, growing with the square of their number",
        ),
        Optimizer(
            "la_mcts",
            "LA-MCTS, Monte Carlo tree of learned space partitions",
            "L. Wang, R. Fonseca, Y. Tian, NeurIPS 2020, arXiv:2007.00708; Gaussians sample in the leaves",
            "nc",
            {"LEAF_SIZE": (40, 20), "C_P": (0.1, 0.01, 0.5), "BATCH": (10, 5)},
            max_evals_limit=500,
            limit_reason="the tree is built anew over all points for each batch",
            in_default=False,
        ),
        Optimizer(
            "bobyqa",
            "BOBYQA, multistart",
            "M. J. D. Powell, The BOBYQA algorithm for bound constrained optimization without derivatives, DAMTP 2009/NA06, "
            "2009; implementation: S. G. Johnson, NLopt, https://github.com/stevengj/nlopt",
            "nc",
            {"RHOBEG": (0.4, 0.2, 0.1), "TOL": (1e-06, 0.0001), "RESTART": (1.0, 0.3)},
            edition="extension",
        ),
        Optimizer(
            "cobyqa",
            "COBYQA, then COBYLA",
            "T. M. Ragonneau, Model-based derivative-free optimization methods and software, PhD thesis, 2022, "
            "doi:10.48550/arXiv.2210.12018; COBYLA: M. J. D. Powell, 1994, doi:10.1007/978-94-015-8330-5_4",
            "both",
            {"RADIUS": (0.3, 0.1, 0.03), "RESTART": (1.0, 0.3, 0.1)},
            max_evals_limit=300,
            limit_reason="about 1 ms an evaluation at 10 variables, growing with their number to the power 2.6",
            edition="extension",
        ),
        Optimizer(
            "subplex",
            "Subplex, multistart",
            "T. H. Rowan, Functional stability analysis of numerical algorithms, PhD thesis, University of Texas at Austin, "
            "1990; implementation: S. G. Johnson, NLopt, https://github.com/stevengj/nlopt",
            "both",
            {"STEP": (0.3, 0.1, 0.5), "PENALTY": (1000.0, 10.0), "RESTART": (1.0, 0.3)},
            edition="extension",
        ),
        Optimizer(
            "coordinate_search",
            "Coordinate search with pattern moves, multistart",
            "R. Hooke, T. A. Jeeves, Direct search solution of numerical and statistical problems, J. ACM 8(2), 1961, "
            "doi:10.1145/321062.321069",
            "both",
            {"STEP": (0.25, 0.1, 0.5), "SHRINK": (0.5, 0.25), "RESTART": (1.0, 0.3)},
            edition="extension",
        ),
        Optimizer(
            "powell",
            "Powell's conjugate directions, multistart",
            "M. J. D. Powell, An efficient method for finding the minimum of a function of several variables without "
            "calculating derivatives, Comput. J. 7(2), 1964, doi:10.1093/comjnl/7.2.155",
            "nc",
            {"XTOL": (0.0001, 0.01, 1e-06), "RESTART": (1.0, 0.3, 0.1)},
            edition="extension",
        ),
        Optimizer(
            "direct_l",
            "DIRECT-L, then COBYLA",
            "J. M. Gablonsky, C. T. Kelley, J. Glob. Optim. 21(1), 2001, doi:10.1023/A:1017930332101; COBYLA as in cobyla",
            "nc",
            {"SHARE": (0.5, 0.25, 0.75), "RHOBEG": (0.1, 0.03, 0.3)},
            edition="extension",
        ),
        Optimizer(
            "rbf_surrogate",
            "DYCORS, radial basis functions and dynamic coordinate search",
            "R. G. Regis, C. A. Shoemaker, Combining radial basis function surrogates and dynamic coordinate search in "
            "high-dimensional expensive black-box optimization, Eng. Optim. 45(5), 2013, doi:10.1080/0305215X.2012.687731; "
            "constraints: R. G. Regis, Comput. Oper. Res. 38(5), 2011, doi:10.1016/j.cor.2010.09.013",
            "both",
            {"SIGMA": (0.2, 0.1, 0.4), "CANDIDATES": (100, 300, 50)},
            max_evals_limit=300,
            limit_reason="a linear system over all points for each evaluation: of 300, 0.9 ms an evaluation on average at 10 variables, "
            "1.2 ms at 30, 1.5 ms at 50",
            edition="extension",
        ),
        Optimizer(
            "madde_bobyqa",
            "MadDE, then BOBYQA",
            "MadDE as in madde; BOBYQA: M. J. D. Powell, DAMTP 2009/NA06, 2009",
            "nc",
            {"POP_SIZE": (20, 10, 50), "P_BEST": (0.18, 0.4), "SHARE": (0.7, 0.4)},
            edition="extension",
        ),
        Optimizer(
            "de_cobyla",
            "Differential evolution, then COBYLA",
            "differential evolution and constraints as in de; COBYLA as in cobyla",
            "both",
            {"POP_SIZE": (20, 10, 50), "SHARE": (0.6, 0.3), "RHOBEG": (0.1, 0.03)},
            edition="extension",
            in_default=False,
        ),
    )
}
