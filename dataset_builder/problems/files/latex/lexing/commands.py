"""LaTeX commands by meaning. Commands that are in no table are refused by name."""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _pairs(text: str) -> dict[str, str]:
    """``"a=b c=d"`` as a mapping."""
    return {word[: word.index("=", 1)]: word[word.index("=", 1) + 1 :] for word in text.split()}


# Environments: those that begin a formula, layouts inside of one, and matrices.
MATH_ENVIRONMENTS = _words(
    """equation align gather multline eqnarray displaymath math flalign alignat aligned alignedat split gathered
    array"""
)
LAYOUTS = _words("aligned alignedat split gathered array cases rcases")
WITH_COLUMNS = _words("alignat alignedat array")  # environments that take an argument
MATRICES = _words("matrix pmatrix bmatrix smallmatrix")

# Elementary functions, with the name that expression.Call knows; cot, sec and csc are built from others.
ELEMENTARY = _pairs(
    """sin=sin cos=cos tan=tan exp=exp ln=log log=log abs=abs tanh=tanh arctan=arctan arcsin=arcsin
    arccos=arccos sinh=sinh cosh=cosh floor=floor cot=cot sec=sec csc=csc"""
)
ALIASES = _pairs(
    """minimise=minimize maximise=maximize argmin=minimize argmax=maximize dfrac=frac tfrac=frac
    cfrac=frac ldots=dots cdots=dots dotsc=dots dotsb=dots dotsm=dots vdots=dots asin=arcsin
    acos=arccos atan=arctan rightarrow=to longrightarrow=to Rightarrow=to Longrightarrow=to mapsto=to
    longmapsto=to leftrightarrow=to rightleftharpoons=to leftharpoons=to xrightarrow=to implies=to iff=to
    Leftrightarrow=to"""
)
ARROWS = frozenset(k for k, v in ALIASES.items() if v == "to") | {"to"}
FUNCTIONS = frozenset(ELEMENTARY) | _words(
    "min max minimize minimise maximize maximise argmin argmax asin acos atan sqrt"
)
OPERATORS = (
    _words(
        """frac dfrac tfrac cfrac sum prod pi dots ldots cdots dotsc dotsb dotsm vdots infty forall top intercal
    star"""
    )
    | ARROWS
)
GREEK = _words(
    """alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho varrho
    sigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell
    varsigma"""
)

# Signs and the commands for signs, as the parsers see them. A bar that knows its side ends in ( or ).
SYMBOLS = {c: c for c in "+-*/^_(){}[]|,=!:"}
SYMBOLS |= {
    ":=": "=",
    "<": "<=",
    ">": ">=",
    "≤": "<=",
    "≥": ">=",
    "−": "-",
    "<=": "<=",
    ">=": ">=",
    "==": "=",
}
COMMAND_SYMBOLS = _pairs(
    r"""le=<= leq=<= leqslant=<= leqq=<= lt=<= geqq=>= ge=>= geq=>= geqslant=>= gt=>= coloneqq== triangleq== equiv== doteq==
    preceq=<= preccurlyeq=<= succeq=>= succcurlyeq=>= in=in cdot=* ast=* times=times div=/ {=\{ }=\} lbrace=\{ rbrace=\} |=|| Vert=|| vert=| lvert=|( rvert=|)
    lVert=||( rVert=||) langle=<( rangle=>) lbrack=[ rbrack=] lfloor=floor( rfloor=floor) lceil=ceil(
    rceil=ceil) colon=: mid=:"""
)
RELATIONS = _words("= <= >= in")
OPENERS = _words(r"( [ { \{ |( ||( <( floor( ceil(")
CLOSERS = _words(r") ] } \} |) ||) >) floor) ceil)")
STEPS = dict.fromkeys(OPENERS, 1) | dict.fromkeys(CLOSERS, -1)  # how they change the depth of brackets

# What changes looks only.
OPENING = _words("left bigl Bigl biggl Biggl")
CLOSING = _words("right bigr Bigr biggr Biggr")
IGNORED = _words(
    """, ; : ! / displaystyle textstyle scriptstyle limits nolimits nonumber notag hfill mathstrut strut relax
    big Big bigg Bigg bigm Bigm thinspace enspace enskip hline rm bf it allowbreak medspace thickspace
    noindent allowdisplaybreaks middle sf centering toprule midrule bottomrule small Large large"""
) | {" ", "\n", "\t", "$"}
DROPPED = _words(
    "label tag hspace vspace phantom hphantom vphantom ref eqref cite color mspace cline cmidrule"
)
TEXT = _words("text textrm mbox textnormal textit textbf textsf hbox intertext shortintertext")
ROMAN = _words("mathrm operatorname mathit mathsf mathtt mathbf mathnormal")  # may hold a word, or a name
ACCENTS = _pairs(
    """hat=_hat tilde=_tilde bar=_bar overline=_bar dot=_dot ddot=_ddot check=_check widehat=_hat
    widetilde=_tilde breve=_breve underline=_underline underbar=_underline"""
)
FONTS = _pairs("mathcal=cal_ mathbb=bb_ mathscr=cal_ mathfrak=frak_")
_STYLES = _words(
    """mathbf boldsymbol bm vec mathit mathsf mathrm mathnormal mathtt pmb operatorname mathop underset
    overset stackrel"""
)
PAIRS = {"abs": "|", "norm": "||"}  # \abs{x} of the usual packages
ONES = "ones"  # the name of \mathbf{1}
BOLD = _words("mathbf boldsymbol bm pmb mathbb vec")
WITH_WORDS = TEXT | ROMAN | {"mathop"}
WITH_ARGUMENT = DROPPED | TEXT | set(ACCENTS) | set(FONTS) | set(PAIRS) | _STYLES

# Commands that are known and cannot be read, with the cause.
UNSUPPORTED = {
    "int": "integrals are not supported",
    "iint": "integrals are not supported",
    "partial": "derivatives are not supported",
    "nabla": "derivatives are not supported",
    "lim": "limits are not supported",
    "inf": "infima are not supported; write \\min",
    "sup": "suprema are not supported; write \\max",
    "det": "determinants are not supported",
    "circ": "degrees are not supported; write angles in radians",
    "degree": "degrees are not supported; write angles in radians",
    "neq": "relations 'not equal' are not supported",
    "ne": "relations 'not equal' are not supported",
    "lor": "alternative conditions are not supported",
    "vee": "alternative conditions are not supported",
    "exists": "quantifiers 'exists' are not supported",
    "cup": "unions of sets are not supported",
    "binom": "binomial coefficients are not supported; write the number",
    "otimes": "Kronecker products are not supported",
    "approx": "approximate equalities are not supported",
    "sim": "random variables are not supported",
    "propto": "proportionalities are not supported; state the factor",
}

# Words.
MINIMIZE = re.compile(r"(?:minimi[sz]e|arg ?min)(?: [a-z]+)*")
MAXIMIZE = re.compile(r"(?:maximi[sz]e|arg ?max)(?: [a-z]+)*")
CONNECTIVES = _words(
    """for all any each where with and or subject to s.t. st such that if otherwise over else when unless
    let given by is are in on of as at w.r.t. w.r.t wrt i.e. within respect the objective constraints constraint
    bounds variables variable u.d.n. n.b. u.b.d. s.c. s.a. s/t"""
) | {
    "subject to",
    "such that",
    "for all",
    "for each",
    "s. t.",
    "with respect to",
    "by varying",
    "by changing",
}
CONNECTIVES |= {"decision variables", "objective function", "for every", "unter den nebenbedingungen"}
# Units: those of one line measure the same.
KINDS_OF_UNITS = tuple(
    _words(line)
    for line in """mm cm dm m km in ft inch
    N kN MN lb lbs lbf kgf
    psi ksi Pa kPa MPa GPa bar atm
    mg g kg t ton tons
    s sec ms min h hr hours day days year
    W kW MW GW
    J kJ MJ Wh kWh MWh GWh cal kcal
    mol kmol
    l L ml
    V mV kV
    A mA
    Hz kHz MHz GHz
    \\Omega
    K
    USD EUR""".splitlines()
)
UNITS = frozenset().union(*KINDS_OF_UNITS) | {"rad", "rpm", "Nm", "kNm"}
