"""The registry of strategies: ours, registered ones, those of installed packages."""

import configparser
import re
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest

from attune_sim.contexts.laws import check_laws
from attune_sim.contexts.plain import PlainStrategy
from attune_sim.contexts.registry import Strategies
from attune_sim.contexts.shared import Shared
from attune_sim.contexts.strategy import ContextStrategy, Guarantees
from attune_sim.errors import InputError, UnknownNameError

ROOT = Path(__file__).parents[2]


class _Own(PlainStrategy):
    name = "own"
    guarantees = Guarantees(isolated_items=False, isolated_nested=False)

    def fan_out(self, context, reads):
        return Shared().fan_out(context, reads)


def test_ours_come_in_the_order_of_isolation():
    assert list(Strategies())[:12] == [
        *("deepcopy", "pickle", "json", "orjson", "projected", "frozen"),
        *("persistent", "hamt", "rpds", "chainmap", "merge", "shared"),
    ]


def test_each_of_ours_has_the_whole_protocol():
    registry = Strategies()

    assert all(isinstance(registry[name](), ContextStrategy) for name in registry)
    assert [registry[name].name for name in registry] == list(registry)


def test_a_strategy_shows_its_name():
    registry = Strategies()

    assert [repr(registry[name]()).partition(":")[0] for name in registry] == [
        f"<strategy {name}" for name in registry
    ]
    assert repr(registry.hamt()) == "<strategy hamt: isolates top level>"
    assert repr(_Own()).startswith("<strategy own: isolates ")


def test_no_strategy_of_ours_may_know_another():
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    kept_apart = contracts["importlinter:contract:strategies"]["modules"].split()
    registry = Strategies()

    assert sorted(kept_apart) == sorted(registry[name].__module__ for name in registry)


def test_the_example_for_contributors_is_a_whole_strategy_of_a_free_name_that_keeps_its_promises():
    text = (ROOT / "CONTRIBUTING.md").read_text().replace("\n   ", "\n")
    code, entry_point = (re.search(f"```{kind}\n(.*?)```", text, re.DOTALL)[1] for kind in ("python", "toml"))
    names = {}
    exec(code, names)
    offered = tomllib.loads(entry_point)["project"]["entry-points"]["attune_sim.strategies"]
    [name] = offered
    example = names[offered[name].partition(":")[2]]
    registry = Strategies()

    assert name not in registry
    assert registry.register(example).name == name
    assert [str(verdict) for verdict in check_laws(example) if verdict.broken] == []
    assert {name} < set(re.findall(r"--(?:check|strategy) (\w+)", text)) <= set(registry)


def test_a_registered_strategy_is_found_by_name_and_attribute():
    registry = Strategies()

    registry.register(_Own)

    assert registry["own"] is registry.own is _Own
    assert "own" in registry
    assert "own" in dir(registry)


def test_registering_in_one_registry_does_not_reach_another():
    Strategies().register(_Own)

    assert "own" not in Strategies()


def test_an_unknown_name_gets_the_nearest_one_and_the_list():
    with pytest.raises(
        UnknownNameError, match=r"unknown strategy 'sharde' \(did you mean 'shared'\?\).*deepcopy"
    ):
        Strategies()["sharde"]


def test_a_class_without_the_protocol_is_refused_with_all_that_it_lacks():
    class Half:
        name = "half"

        def begin(self, namespaces): ...

    with pytest.raises(
        InputError,
        match=r"Half is no context strategy: it lacks guarantees \(a Guarantees\), publish, store, fan_out",
    ):
        Strategies().register(Half)


def test_a_class_that_needs_arguments_is_refused_in_one_line():
    class Needy(_Own):
        name = "needy"

        def __init__(self, address): ...

    with pytest.raises(
        InputError,
        match=r"'needy' is made without arguments, but Needy is missing a required argument: 'address'$",
    ):
        Strategies().register(Needy)


def test_the_names_of_ours_cannot_be_taken():
    taken = type("Taken", (_Own,), {"name": "shared"})

    with pytest.raises(InputError, match="'shared' is taken"):
        Strategies().register(taken)


@pytest.fixture
def outside_package(tmp_path):
    """A package installed beside ours, as an import path: a module and the metadata of its entry point."""
    (tmp_path / "outsider.py").write_text(
        textwrap.dedent(
            """
            from attune_sim.contexts.plain import PlainStrategy
            from attune_sim.contexts.shared import Shared
            from attune_sim.contexts.strategy import Guarantees

            class Honest(PlainStrategy):
                name = "honest"
                guarantees = Guarantees(isolated_items=False, isolated_nested=False)
                def fan_out(self, context, reads):
                    return Shared().fan_out(context, reads)

            class Liar(Honest):
                name = "liar"
                guarantees = Guarantees(isolated_items=True, isolated_nested=True)
            """
        )
    )
    metadata = tmp_path / "outsider-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: outsider\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[attune_sim.strategies]\nhonest = outsider:Honest\nliar = outsider:Liar\nlost = outsider:Lost\n"
    )
    return tmp_path


def _python(code, path):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True, text=True, check=False, timeout=60, env={"PYTHONPATH": str(path), "PATH": ""},
    )  # fmt: skip


def test_a_strategy_of_another_package_is_found_by_its_entry_point_and_judged_by_the_laws(outside_package):
    done = _python(
        """
        from attune_sim.contexts.laws import check_laws
        from attune_sim.contexts.registry import strategies
        print([name for name in strategies if name in ("honest", "liar")])
        print(sum(verdict.broken for verdict in check_laws(strategies["honest"])))
        print(sorted({verdict.guarantee for verdict in check_laws(strategies["liar"]) if verdict.broken}))
        """,
        outside_package,
    )

    assert done.stdout.splitlines() == ["['honest', 'liar']", "0", "['isolated_items', 'isolated_nested']"], (
        done.stderr
    )


def test_a_module_that_checks_its_strategy_as_it_is_imported_is_imported_elsewhere_once(tmp_path):
    (tmp_path / "eager.py").write_text(
        textwrap.dedent(
            """
            from attune_sim.contexts.laws import check_laws
            from attune_sim.contexts.plain import PlainFork, PlainStrategy
            from attune_sim.contexts.strategy import Guarantees

            class Forker:
                def __init__(self, maps):
                    self.maps = maps
                def fork(self, item, index):
                    return PlainFork(self.maps, item, index)

            class Eager(PlainStrategy):
                name = "eager"
                guarantees = Guarantees(isolated_items=False, isolated_nested=False, travels=True)
                def fan_out(self, context, reads):
                    return Forker(context.maps)

            assert [str(verdict) for verdict in check_laws(Eager) if verdict.broken] == []
            """
        )
    )

    done = _python("import eager; print('imported')", tmp_path)

    assert done.stdout == "imported\n", done.stderr


def test_an_entry_point_that_leads_nowhere_gets_one_clear_line(outside_package):
    done = _python("from attune_sim.contexts.registry import strategies; strategies['lost']", outside_package)

    assert "strategy 'lost' (outsider:Lost) cannot be loaded" in done.stderr.splitlines()[-1]
