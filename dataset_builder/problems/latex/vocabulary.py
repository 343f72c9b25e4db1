"""The LaTeX commands that the reader knows, by what they mean. What stands in no table is refused by name."""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _pairs(text: str) -> dict[str, str]:
    """``"a=b c=d"`` as a mapping."""
    return {word[: word.index("=", 1)]: word[word.index("=", 1) + 1 :] for word in text.split()}


# Environments: those that begin a formula, layouts inside of one, and matrices.
MATH_ENVIRONMENTS = _words("equation align gather multline eqnarray displaymath math flalign alignat")
LAYOUTS = _words("aligned alignedat split gathered array cases rcases")
MATRICES = _words("matrix pmatrix bmatrix smallmatrix")

# Elementary functions, with the name that expression.Call knows; cot, sec and csc are built from others.
ELEMENTARY = _pairs(
    """sin=sin cos=cos tan=tan exp=exp ln=log log=log abs=abs tanh=tanh arctan=arctan arcsin=arcsin
    arccos=arccos sinh=sinh cosh=cosh floor=floor cot=cot sec=sec csc=csc"""
)
ALIASES = _pairs(
    """minimise=minimize maximise=maximize argmin=minimize argmax=maximize dfrac=frac tfrac=frac
    cfrac=frac ldots=dots cdots=dots dotsc=dots dotsb=dots dotsm=dots vdots=dots asin=arcsin
    acos=arccos atan=arctan"""
)
FUNCTIONS = frozenset(ELEMENTARY) | _words(
    "min max minimize minimise maximize maximise argmin argmax asin acos atan sqrt"
)
OPERATORS = _words(
    """frac dfrac tfrac cfrac sum prod pi dots ldots cdots dotsc dotsb dotsm vdots infty forall top intercal
    star"""
)
GREEK = _words(
    """alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho varrho
    sigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell
    varsigma"""
)

# Signs and the commands for signs, as the parsers see them. A bar that knows its side ends in ( or ).
SYMBOLS = {c: c for c in "+-*/^_(){}[]|,=!:"}
SYMBOLS |= {":=": "=", "<": "<=", ">": ">=", "≤": "<=", "≥": ">=", "−": "-"}
COMMAND_SYMBOLS = _pairs(
    r"""le=<= leq=<= leqslant=<= lt=<= ge=>= geq=>= geqslant=>= gt=>= coloneqq== triangleq== equiv== doteq==
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
    noindent allowdisplaybreaks middle"""
) | {" ", "\n", "\t"}
DROPPED = _words("label tag hspace vspace phantom hphantom vphantom ref eqref cite color mspace")
TEXT = _words("text textrm mbox textnormal textit textbf textsf hbox intertext shortintertext")
ROMAN = _words("mathrm operatorname mathit mathsf mathtt mathbf mathnormal")  # may hold a word, or a name
ACCENTS = _pairs(
    """hat=_hat tilde=_tilde bar=_bar overline=_bar dot=_dot ddot=_ddot check=_check widehat=_hat
    widetilde=_tilde breve=_breve"""
)
FONTS = _pairs("mathcal=cal_ mathbb=bb_ mathscr=cal_ mathfrak=frak_")
_STYLES = _words(
    """mathbf boldsymbol bm vec mathit mathsf mathrm mathnormal mathtt pmb operatorname mathop underset
    overset stackrel"""
)
PAIRS = {"abs": "|", "norm": "||"}  # \abs{x} of the usual packages
ONES = "ones"  # the name of \mathbf{1}
BOLD = _words("mathbf boldsymbol bm pmb mathbb vec")
WITH_ARGUMENT = DROPPED | TEXT | set(ACCENTS) | set(FONTS) | set(PAIRS) | _STYLES

# Words.
MINIMIZE = re.compile(r"minimi[sz]e")
MAXIMIZE = re.compile(r"maximi[sz]e")
CONNECTIVES = _words(
    """for all any each where with and or subject to s.t. st such that if otherwise over else when unless
    let given by is are in on of as at w.r.t. wrt i.e. within respect the"""
) | {"subject to", "such that", "for all", "for each", "s. t.", "with respect to", "by varying"}
UNITS = _words("psi lb lbf lbs in ft kN kgf mm cm kg MPa GPa Pa kPa kW Hz bar rad")
