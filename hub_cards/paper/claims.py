"""Claims of the paper, checked against our records: what reproduces, what does not, and what was not measured.

Each claim is a direction that does not hang on the paper's problems or models, such as "tuning the chosen optimizer helps". Where an
interval is there, a claim holds only if the interval says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from llamoco.dataset_builder.analysis.table import number, percent
from llamoco.hub_cards.paper import published
from llamoco.hub_cards.paper.exhibit import COMMANDS, Records
from llamoco.hub_cards.paper.granularity import granularities

Verdict = Literal["holds", "fails", "open", "unmeasured"]


@dataclass(frozen=True)
class Claim:
    """A claim and what our records say of it.

    Attributes:
        text: the claim, with the paper's figures.
        verdict: "open" if our figures do not separate yes and no; "unmeasured" if their record is missing.
        evidence: our figures, or the command that makes them.
        why: where it fails or is open, what may explain that.
    """

    text: str
    verdict: Verdict
    evidence: str
    why: str = ""


def claims(records: Records) -> list[Claim]:
    """All claims, in the order of the paper's tables."""
    return [claim for check in CHECKS for claim in check(records)]


def _errors(records: Records) -> Iterator[Claim]:
    printed = published.TABLE_VII["LLaMoCo-S"].err
    assert printed is not None
    text = f"a small tuned model writes almost only programs that run (Err {printed:.1f}% for the paper's smallest)"
    yield from _on_evaluation(
        records,
        text,
        lambda record: (
            "holds" if 100 * record["tables"]["all"]["model"]["err"] <= printed else "fails",
            f"Err {percent(record['tables']['all']['model']['err'])} for `{record['model']}`",
            "",
        ),
    )


def _recognition(records: Records) -> Iterator[Claim]:
    yield from _on_evaluation(
        records,
        f"a tuned model tells constrained from unconstrained problems (r_acc {published.R_ACC['LLaMoCo']}%)",
        lambda record: (
            "holds"
            if 100 * record["tables"]["all"]["model"]["r_acc"] >= published.R_ACC["LLaMoCo"]
            else "fails",
            f"r_acc {percent(record['tables']['all']['model']['r_acc'])}",
            "",
        ),
    )


def _above_sbs(records: Records) -> Iterator[Claim]:
    def check(record: Mapping[str, Any]) -> tuple[Verdict, str, str]:
        found = record["comparisons"]["all"]["sbs"]["perf"]
        aocc = record["comparisons"]["all"]["sbs"]["aocc"]
        evidence = (
            f"Perf {number(found['difference'], found['interval'], signed=True)}, "
            f"AOCC {number(aocc['difference'], aocc['interval'], signed=True)} beside it"
        )
        why = "our pool has stronger single optimizers than the paper's, and Perf is near its ceiling for all of them; AOCC separates more"
        return _sign(found), evidence, why

    yield from _on_evaluation(
        records,
        "the tuned model is clearly above the single best solver by Perf ({:.1f}% beside {:.1f}%)".format(
            published.TABLE_VI["LLaMoCo-S"].test, published.TABLE_VI["SBS"].test
        ),
        check,
    )


def _selection(records: Records) -> Iterator[Claim]:
    selection = records.find("selection")
    tuning = "tuning the chosen optimizer with SMAC3 raises the Perf of every selector"
    single = "per-instance selection (PIAS, AS-LLM) stays below the single best solver"
    if selection is None:
        for text in (tuning, single):
            yield Claim(text, "unmeasured", f"`{COMMANDS['selection']}`")
        return
    scored = selection["groups"]["all"]
    changes = {
        scored[name]["title"]: scored[f"{name}_smac"]["above_untuned"]["perf"]
        for name in ("sbs", "pias", "as_llm")
        if "above_untuned" in scored.get(f"{name}_smac", {})
    }
    signs = [_sign(change) for change in changes.values()]
    evidence = ", ".join(
        f"{title} {number(change['difference'], change['interval'], signed=True)}"
        for title, change in changes.items()
    )
    yield Claim(
        tuning,
        "holds" if set(signs) == {"holds"} else "fails" if "fails" in signs else "open",
        f"change of Perf: {evidence} ({scored['sbs']['problems']} problems)",
        "our trials are charged to the problem's own budget, half of which is then gone",
    )
    below = {
        scored[name]["title"]: scored[name]["above_sbs"]["perf"]
        for name in ("pias", "as_llm")
        if "above_sbs" in scored.get(name, {})
    }
    signs = [
        _sign(
            {"difference": -b["difference"], "interval": b["interval"] and [-e for e in b["interval"][::-1]]}
        )
        for b in below.values()
    ]
    yield Claim(
        single,
        "holds" if set(signs) == {"holds"} else "fails" if set(signs) == {"fails"} else "open",
        ", ".join(
            f"{title} {number(b['difference'], b['interval'], signed=True)}" for title, b in below.items()
        )
        + f" beside it by Perf ({scored['sbs']['problems']} problems)",
        "our selectors learn from thousands of problems that were drawn as the test problems were",
    )


def _granularity(records: Records) -> Iterator[Claim]:
    grids = granularities()
    share = grids["half"].perf / grids["ours"].perf
    yield Claim(
        f"half of the grid loses much of the performance ({published.TABLE_V['half'][0]:.1f}% of it is left)",
        "holds" if share < 0.9 else "fails",
        f"{percent(share)} of Perf and {percent(grids['half'].aocc / grids['ours'].aocc)} of AOCC are left",
        "with a pool of strong optimizers the choice of the optimizer matters more than its settings, and our defaults are at home in both grids",
    )


ABLATIONS = {
    "no contrastive warm-up": ("the contrastive warm-up improves the tuned model", -1),
    "one writing pattern a language": ("descriptions in many writing patterns improve it", -1),
    "balancing by Eq. 5 (exponent 1)": ("balanced sampling (Eq. 5) improves it", 1),
}
WHYS = {
    "no contrastive warm-up": "the warm-up groups prompts by label, and a label says little where several optimizers nearly tie",
    "balancing by Eq. 5 (exponent 1)": "with labels by problem, rare optimizers are rare for a reason, and a model that is shown them as often "
    "as the others chooses them as often",
}


def _ablations(records: Records) -> Iterator[Claim]:
    record = records.find("ablations_smollm2") or records.find("ablations")
    rows = {row["name"]: row for row in record["rows"]} if record else {}
    for name, (text, sign) in ABLATIONS.items():
        if "against_base" not in rows.get(name, {}):
            yield Claim(text, "unmeasured", f"`{COMMANDS['ablations']}`")
            continue
        against = rows[name]["against_base"]
        ends = against["interval"]
        better = sign * against["difference"]
        span = sorted(sign * end for end in ends) if ends else None
        evidence = f"AOCC {'with' if sign > 0 else 'without'} it {number(against['difference'], ends, signed=True)}, models of {record['parameters'] / 1e6:.1f}M parameters"
        yield Claim(text, _sign({"difference": better, "interval": span}), evidence, WHYS.get(name, ""))


def _scaling(records: Records) -> Iterator[Claim]:
    scaling, text = records.find("scaling"), "more training pairs help at every size of the model"
    if scaling is None:
        yield Claim(text, "unmeasured", f"`{COMMANDS['scaling']}`")
        return
    by_model: dict[str, list[Any]] = {}
    for row in scaling["rows"]:
        by_model.setdefault(row["title"], []).append(row)
    gains = {}
    for title, rows in by_model.items():
        ordered = sorted(rows, key=lambda row: row["pairs"])
        if len(ordered) > 1:
            gains[title] = ordered[-1]["aocc"] - ordered[0]["aocc"]
    yield Claim(
        text,
        "open" if not gains else "holds" if all(gain > 0 for gain in gains.values()) else "fails",
        "AOCC from the smallest to the largest set: "
        + ", ".join(f"{title} {gain:+.3f}" for title, gain in gains.items()),
        "models and sets are small here",
    )


def _diversity(records: Records) -> Iterator[Claim]:
    def check(record: Mapping[str, Any]) -> tuple[Verdict, str, str]:
        counts = {name: chosen["model"] for name, chosen in record["optimizers"].items() if name != "(none)"}
        used = [name for name, count in counts.items() if count]
        most = max(counts, key=lambda name: counts[name])
        share = counts[most] / sum(counts.values())
        evidence = (
            f"{len(used)} optimizers, the most frequent ({most}) in {percent(share, digits=0)} of the answers"
        )
        return ("holds" if len(used) >= 5 and share < 0.5 else "fails"), evidence, ""

    yield from _on_evaluation(
        records, "the tuned model chooses among many optimizers, not one or two (Fig. 7)", check
    )


def _general_models(records: Records) -> Iterator[Claim]:
    others = {n: r for n, r in records.evaluations().items() if n not in ("evaluation", "evaluation_s")}
    text = "general models err far more often than the tuned one, less with examples, and score below it (Tables I, II, VII)"
    own = records.find("evaluation")
    if not others or own is None:
        yield Claim(text, "unmeasured", f"`{COMMANDS['evaluation']} --server URL --server-model NAME`")
        return
    tables = {record["model"]: record["tables"]["all"]["model"] for record in others.values()}
    mine = own["tables"]["all"]["model"]
    yield Claim(
        text,
        "holds"
        if all(t["err"] > mine["err"] and t["perf"] < mine["perf"] for t in tables.values())
        else "fails",
        ", ".join(
            f"`{name}` Err {percent(t['err'])}, Perf {percent(t['perf'])}" for name, t in tables.items()
        ),
        "the general models here are small ones",
    )


def _on_evaluation(
    records: Records, text: str, check: Callable[[Any], tuple[Verdict, str, str]]
) -> Iterator[Claim]:
    record = records.find("evaluation")
    if record is None:
        yield Claim(text, "unmeasured", f"`{COMMANDS['evaluation']}`")
    else:
        verdict, evidence, why = check(record)
        yield Claim(text, verdict, evidence, why)


def _sign(comparison: Mapping[str, Any]) -> Verdict:
    """Whether a difference is above 0 by its interval, below it, or neither."""
    low, high = comparison["interval"] or [comparison["difference"]] * 2
    return "holds" if low > 0 else "fails" if high < 0 else "open"


CHECKS: tuple[Callable[[Records], Iterator[Claim]], ...] = (
    _errors,
    _recognition,
    _above_sbs,
    _general_models,
    _scaling,
    _granularity,
    _selection,
    _ablations,
    _diversity,
)
