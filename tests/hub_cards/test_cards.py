"""Cards say what the run records say, now."""

from pathlib import Path

from huggingface_hub import ModelCard

from llamoco.hub_cards import cards

ROOT = Path(__file__).parents[2]


def test_committed_cards_and_readme_are_what_the_records_give() -> None:
    for name, text in (
        ("modeling/llamoco-xs/README.md", cards.model_card()),
        ("metrics/llamoco/README.md", cards.metric_card()),
    ):
        assert (ROOT / name).read_text(encoding="utf-8") == text, f"{name} is stale: run make cards"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert cards.readme_with_figures(readme) == readme, "README.md is stale: run make cards"


def test_the_model_card_carries_the_scores_as_a_model_index() -> None:
    results = {r.metric_type: r.metric_value for r in ModelCard(cards.model_card()).data.eval_results}
    scores = cards.record("evaluation")["tables"]["all"]["model"]
    assert results == {name: round(scores[name], 4) for name in ("err", "perf", "a3", "comp")}


def test_the_readme_shows_the_figures_of_the_record() -> None:
    scores = cards.record("evaluation")["tables"]["all"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in ("model", "sbs", "vbs"):
        cells = []
        for score in ("perf", "a3"):
            low, high = scores[name]["intervals"][score]
            cells.append(f"{scores[name][score]:.3f} [{low:.3f}, {high:.3f}]")
        assert " | ".join(cells) in readme
