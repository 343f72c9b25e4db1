"""The pool's texts: what is rendered is what is identified, and each text is what the contract says it is."""

import ast
import re

import pytest

from llamoco.dataset_builder.optimizers import pool

CASES = [(name, config) for name in pool.POOL for config in pool.configurations(name)]


@pytest.mark.parametrize("name", pool.POOL)
def test_text_obeys_the_contract(name: str) -> None:
    text = pool.source(name)
    lines = text.splitlines()
    assert len(text) <= 3900 and len(lines) <= 92 and max(map(len, lines)) <= 100
    assert text.endswith("\n") and lines[0].startswith(("import ", "from "))
    tree = ast.parse(text)
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {module.split(".")[0] for module in imported} <= {
        *("numpy", "scipy", "cma", "deap", "nlopt", "random", "warnings", "contextlib")
    }
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    optimize = functions["optimize"]
    assert (
        ast.unparse(optimize.args)
        == "objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None"
    )
    assert re.search(r"\((.+, )?[A-Z].+, (19|20)\d\d\)", (ast.get_docstring(optimize) or "").splitlines()[0])


@pytest.mark.parametrize("name", pool.POOL)
def test_constants_are_the_grid_and_literals_its_defaults(name: str) -> None:
    tree = ast.parse(pool.source(name))
    constants = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    assert list(constants.items()) == list(pool.POOL[name].defaults.items())
    assert pool.render(name, constants) == pool.render(name) == pool.source(name)


def test_identify_inverts_render_and_texts_differ() -> None:
    texts = [pool.render(name, config) for name, config in CASES]
    assert len(set(texts)) == len(CASES)
    assert [pool.identify(text) for text in texts] == CASES


def test_rendered_constants_are_the_only_lines_changed() -> None:
    before, after = pool.source("de").splitlines(), pool.render("de", {"CR": 0.3}).splitlines()
    assert [(old, new) for old, new in zip(before, after, strict=True) if old != new] == [
        ("CR = 0.9", "CR = 0.3")
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "\n",
        lambda text: text.replace("CR = 0.9", "CR = 0.91"),
        lambda text: text.replace("CR = 0.9", "CR = 0.90"),
        lambda text: text.replace("CR = 0.9", "CR = __import__('os')"),
        lambda text: text.replace("rng.random", "rng.uniform", 1),
        lambda text: "# a comment\n" + text,
        lambda text: "",
    ],
)
def test_other_texts_are_not_identified(change) -> None:  # type: ignore[no-untyped-def]
    assert pool.identify(change(pool.source("de"))) is None


def test_unknown_names_are_told() -> None:
    with pytest.raises(ValueError, match="unknown optimizer 'newton'; the pool has slsqp"):
        pool.render("newton")
    with pytest.raises(ValueError, match="de has no constant 'NP'; it has POP_SIZE, F, CR"):
        pool.render("de", {"NP": 5})
    with pytest.raises(ValueError, match="does not define a function optimize"):
        pool.optimizer_function("x = 1\n")


@pytest.mark.parametrize("name", pool.POOL)
def test_configurations_start_at_the_defaults(name: str) -> None:
    few, many = pool.configurations(name, 4), pool.configurations(name)
    assert few == many[:4] and 9 <= len(many) <= 12
    assert many[0] == pool.POOL[name].defaults
    assert all(sum(config[key] != many[0][key] for key in config) == 1 for config in many[1:4])


def test_groups() -> None:
    unconstrained = {optimizer.name for optimizer in pool.pool_for(constrained=False, pool="paper")}
    constrained = {optimizer.name for optimizer in pool.pool_for(constrained=True, pool="paper")}
    assert unconstrained - constrained == {
        *("l_bfgs_b", "sep_cma_es", "bipop_cma_es", "madde", "mmes", "rl_pso", "samr_ga"),
        *("corana_sa", "gp_ei", "la_mcts"),
    }
    assert constrained - unconstrained == {"heco_de", "constrained_ga"}
    assert len(unconstrained | constrained) == 23
    for kind in (False, True):
        every = pool.pool_for(kind, "all")
        assert every[: len(pool.pool_for(kind, "paper"))] == pool.pool_for(kind, "paper")
        assert {optimizer.edition for optimizer in every} == {"paper", "extension"}
        assert pool.pool_for(kind) == [optimizer for optimizer in every if optimizer.in_default]
    assert all(
        bool(optimizer.max_evals_limit or optimizer.dim_limit) == bool(optimizer.limit_reason)
        for optimizer in pool.POOL.values()
    )


def test_an_optimizer_is_not_benchmarked_on_what_it_does_not_serve() -> None:
    for name in pool.POOL:
        for constrained in (False, True):
            if pool.POOL[name] in pool.pool_for(constrained, "all"):
                pool.check_serves(name, constrained)
            else:
                with pytest.raises(
                    ValueError, match=f"optimizer {name} does not serve (un)?constrained"
                ) as refusal:
                    pool.check_serves(name, constrained)
                named = str(refusal.value).partition("these do: ")[2].split(", ")
                assert named == [member for member, each in pool.POOL.items() if each.handles(constrained)]
    with pytest.raises(ValueError, match="unknown optimizer 'newton'"):
        pool.check_serves("newton", constrained=False)
