"""Each source has a file of tests of its own name, or its place in one of two lists: so what is tested where is known.

``core/state.py`` has ``test_state.py``. A name that two sources share has its folder in front,
``test_wire_conversation.py``; one of them may go without, if that file imports it.
"""

from __future__ import annotations

from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import pytest

import anytws

PACKAGE = Path(anytws.__file__).parent
TESTS = Path(__file__).parent

ELSEWHERE: dict[str, tuple[str, ...]] = {
    # Names of other files, and what runs them.
    "__init__.py": ("test_project.py", "test_docs.py"),
    "__main__.py": ("test_cli.py",),
    "cli/__init__.py": ("test_cli.py",),
    # What a program holds is what all its methods do, and what verbs are written over is no more than that.
    "client/tws.py": ("test_client.py",),
    # The client for threads that wait: two files put together at run time, and what they are put together of.
    "client/sync.py": ("test_sync.py",),
    "client/sync_*.py": ("test_sync.py", "test_sync_orders.py", "test_sync_interrupts.py"),
    "client/proxies.py": ("test_sync.py",),
    "client/__init__.py": ("test_layers.py",),
    # What is loaded when is one question for the whole of a connection; an open door does nothing.
    "client/later.py": ("test_loading.py",),
    "client/door.py": ("test_order_desk.py", "test_placing.py"),
    "machines/order_news.py": ("test_order_desk.py",),
    "client/latch.py": ("test_portal.py", "test_sync_interrupts.py"),
    "client/stay.py": ("test_portal.py",),
    # The block and the way to a connection are one connection's life, and the loop around them is many of them.
    "client/block.py": ("test_client.py", "test_connect.py"),
    "client/reaching.py": ("test_connect.py",),
    "client/keeper.py": ("test_keep_connected.py", "test_kept_tws.py"),
    "client/listeners.py": ("test_keep_connected.py", "test_kept_tws.py"),
    "client/way_back.py": ("test_keep_connected.py", "test_kept_tws.py"),
    "client/conversing.py": ("test_client.py",),
    # Both kinds of journal keep one contract.
    "client/sqlite_journal.py": ("test_client_journal.py",),
    "machines/journal_lines.py": ("test_machines_journal.py",),
    # What a gate judges, and what it goes by.
    "machines/gate_belief.py": ("test_order_gate.py",),
    "machines/intent.py": ("test_order_gate.py",),
    "machines/worth.py": ("test_order_gate.py",),
    "client/id_block.py": ("test_client_families.py",),
    "client/placing_families.py": ("test_client_families.py",),
    # Parts of what is believed of an order: a client sees the whole alone.
    "machines/order_belief.py": ("test_order.py", "test_order_scenarios.py", "test_order_traces.py"),
    "machines/order_change.py": ("test_order_scenarios.py", "test_order_answer.py"),
    "machines/order_codes.py": ("test_order.py", "test_order_scenarios.py"),
    "machines/order_costs.py": ("test_order.py",),
    "machines/order_fills.py": ("test_order.py",),
    "machines/order_sends.py": ("test_order.py",),
    "machines/order_told.py": ("test_order.py", "test_order_scenarios.py", "test_order_traces.py"),
    # One table from records to capsules: what comes out of it is read back, by a consumer of our own and by libraries.
    "arrow/*.py": ("test_arrow.py", "test_arrow_records.py", "test_arrow_interface.py", "test_arrow_consumers.py"),
    "core/__init__.py": ("test_layers.py",),
    "machines/__init__.py": ("test_layers.py",),
    # A value, and where each tick belongs in it: seen in what becomes of ticks.
    "machines/quotes.py": ("test_quoting.py",),
    # What is heard of orders, and by which names they are known: two parts of what a client knows of orders.
    "machines/kept_orders.py": ("test_known_orders.py",),
    "machines/heard_orders.py": ("test_known_orders.py", "test_session_orders.py", "test_order_traces.py"),
    "machines/order_names.py": ("test_known_orders.py",),
    "runtime/feeds.py": ("test_watch.py",),
    "machines/tick_places.py": ("test_quoting.py",),
    "messages/__init__.py": ("test_messages.py",),
    "runtime/__init__.py": ("test_layers.py",),
    "simulator/__init__.py": ("test_layers.py",),
    "simulator/answers/__init__.py": ("test_answers.py",),
    "testing/__init__.py": ("test_layers.py",),
    # What is seen is told to a hook and to the log.
    "runtime/sight.py": ("test_hook.py", "test_logs.py"),
    # Each a part of what is held against the closures.
    "wire/compiled/*.py": (
        "test_text_readers.py",
        "test_protobuf_readers.py",
        "test_shapes.py",
        "test_compiled_writers.py",
    ),
    "wire/__init__.py": ("test_layers.py",),
    "wire/tables/__init__.py": ("test_layers.py",),
    # Rows: each of them is tried by the tests of the whole catalogue, and against outside witnesses.
    "core/code_rows.py": ("test_codes.py",),
    # What each connection says of late and of old data.
    "core/unread.py": ("test_cut_off.py", "test_overtaken.py"),
    "core/code_words.py": ("test_codes.py",),
    "wire/conversation.py": ("test_conversation_rows.py",),
    "wire/tables/*.py": ("test_catalogue.py", "test_official_incoming.py", "test_official_outgoing.py"),
    # Fields and their meaning, without behaviour: what a class can hold, the entry writes and reads.
    "messages/*.py": ("test_messages.py", "test_representation.py", "test_catalogue.py"),
    "simulator/ledger/__init__.py": ("test_layers.py",),
    # What accounts are made of: all of it is seen in what they say of bookings, and in what must hold of any.
    "simulator/ledger/[bksv]*.py": ("test_ledger_accounts.py", "test_ledger_properties.py"),
    "simulator/ledger/margins.py": ("test_ledger_accounts.py", "test_ledger_exercise.py"),
    "simulator/deck.py": ("test_cards.py",),
    # Text without behaviour.
    "simulator/connection_cards.py": ("test_cards.py", "test_link.py", "test_world.py"),
    # Each a part of what becomes of orders: a client sees the whole alone.
    "simulator/exchange/*.py": ("test_exchange.py", "test_families.py", "test_exchange_traces.py"),
    # The ground that `Knowledge` stands on: what it knows is asked for there.
    "simulator/ground.py": ("test_knowledge.py", "test_world.py"),
    # By it settings are tried when they are made.
    "simulator/proof.py": ("test_settings.py",),
    # What can be traded: one part of it each, tried through the whole.
    "simulator/market/__init__.py": ("test_layers.py",),
    # One process: what they do is seen together, as everybody asks for it.
    "simulator/market/*.py": (
        "test_market.py",
        "test_market_agrees.py",
        "test_market_options.py",
        "test_market_splitting.py",
    ),
    "simulator/universe/__init__.py": ("test_layers.py",),
    "simulator/universe/data/*.py": ("test_universe.py",),
    "simulator/universe/catalogue.py": ("test_instrument_file.py",),
    "simulator/universe/details.py": ("test_answers_contracts.py",),
    "simulator/universe/file.py": ("test_instrument_file.py",),
    "simulator/universe/finding.py": ("test_universe.py",),
    "simulator/universe/holidays.py": ("test_hours.py",),
    "simulator/universe/hours_text.py": ("test_hours.py",),
    "simulator/universe/outline.py": ("test_instrument_file.py",),
    "simulator/universe/searching.py": ("test_universe.py",),
    "simulator/universe/table.py": ("test_instrument_file.py",),
    # A vocabulary and what plays it: each word is tried in a world.
    "simulator/faults/*.py": (
        "test_faults.py",
        "test_faults_lane.py",
        "test_faults_market.py",
        "test_faults_outages.py",
        "test_faults_requests.py",
        "test_faults_sayings.py",
        "test_faults_triggers.py",
        "test_script.py",
    ),
    "simulator/files.py": ("test_script.py",),
    # One of the answers of the simulated TWS each.
    "simulator/answers/*.py": ("test_answers.py",),
    # What plays a situation and what takes part in one: all of it is seen by playing them.
    "testing/acceptance/*.py": ("test_acceptance.py",),
    # The parts of a day: what it is made of and how it is told, what runs it.
    "testing/days/__init__.py": ("test_days_decorator.py",),
    "testing/days/values.py": ("test_days_plan.py",),
    "testing/days/lines.py": ("test_days_story.py",),
    "testing/days/day.py": ("test_days_running.py",),
    "testing/days/program.py": ("test_days_running.py",),
    "testing/days/repeatable.py": ("test_days_running.py",),
    "testing/days/watched.py": ("test_days_running.py",),
    # A strategy is right if the codec takes what it draws.
    "testing/strategies.py": ("test_catalogue.py",),
    # One verb each, with its helpers: a person sees the verb alone.
    "cli/bar_*.py": ("test_cli_bars.py",),
    "cli/case.py": ("test_simulate.py",),
    "cli/commands.py": ("test_cli.py",),
    "cli/demo_*.py": ("test_demo.py",),
    "cli/downloading.py": ("test_cli_bars.py",),
    "cli/event_loop.py": ("test_cli.py",),
    "cli/finding.py": ("test_check.py",),
    "cli/fitting.py": ("test_explain.py",),
    "cli/following.py": ("test_cli_orders.py",),
    "cli/gaps.py": ("test_cli_orders.py", "test_cli_watch.py"),
    "cli/holdings.py": ("test_cli_account.py",),
    "cli/knobs.py": ("test_simulate.py",),
    "cli/mask.py": ("test_secrets.py", "test_masked_frames.py"),
    "cli/masked.py": ("test_masked_frames.py",),
    "cli/narrator.py": ("test_simulate.py",),
    "cli/numbers.py": ("test_simulate.py",),
    "cli/order_rows.py": ("test_cli_orders.py",),
    "cli/output.py": ("test_cli.py",),
    "cli/panic_report.py": ("test_cli_panic.py",),
    "cli/pasted*.py": ("test_pasted_forms.py", "test_pasted_logs.py"),
    "cli/quote_*.py": ("test_cli_watch.py",),
    "cli/readings.py": ("test_explain.py",),
    "cli/report.py": ("test_check.py",),
    "cli/spans.py": ("test_cli_bars.py",),
    "cli/tape.py": ("test_check.py",),
}
"""Sources whose tests are about more than the one file; the first pattern that fits decides."""

MISSING: frozenset[str] = frozenset()
"""Sources that are held by tests of something else alone, and should have their own. Nothing is added here."""

SOURCES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def elsewhere(source: str) -> str | None:
    """Give the pattern of `ELSEWHERE` that *source* is under."""
    fitting = (pattern for pattern in ELSEWHERE if fnmatch(source, pattern) and source.count("/") == pattern.count("/"))
    return next(fitting, None)


def has_own(source: str, sources: list[str], tests: dict[str, str]) -> bool:
    """Tell whether *source*, one of *sources*, has a file of its name among *tests*, given with their text."""
    path = Path(source)
    if f"test_{path.parent.name}_{path.stem}.py" in tests:
        return True
    text = tests.get(f"test_{path.stem}.py")
    shared = Counter(Path(each).stem for each in sources if elsewhere(each) is None)[path.stem] > 1
    module = ".".join(("anytws", *path.with_suffix("").parts))
    return text is not None and (not shared or module in text or f"from {module.rpartition('.')[0]} import" in text)


@pytest.fixture(scope="module")
def tests() -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in TESTS.glob("test_*.py")}


def test_every_source_has_a_file_of_tests_of_its_own_name(tests: dict[str, str]):
    without = {
        source
        for source in SOURCES
        if elsewhere(source) is None and source not in MISSING and not has_own(source, SOURCES, tests)
    }
    assert without == set(), "write tests/test_<name>.py, or say in ELSEWHERE where it is tested, and why there"


def test_no_source_is_called_missing_that_has_its_tests_or_is_gone(tests: dict[str, str]):
    """The list gets shorter only."""
    assert [source for source in sorted(MISSING) if source not in SOURCES] == []
    assert [source for source in sorted(MISSING) if has_own(source, SOURCES, tests)] == []


def test_every_exception_is_one_and_names_tests_that_there_are(tests: dict[str, str]):
    used = {elsewhere(source) for source in SOURCES}
    assert [pattern for pattern in ELSEWHERE if pattern not in used] == []
    assert [name for names in ELSEWHERE.values() for name in names if name not in tests] == []


@pytest.mark.parametrize(
    "source, sources, tests_, found",
    [
        ("core/state.py", ["core/state.py"], {"test_state.py": ""}, True),
        ("core/state.py", ["core/state.py"], {"test_states.py": ""}, False),
        ("core/session.py", ["core/session.py", "machines/session.py"], {"test_session.py": ""}, False),
        (
            "core/session.py",
            ["core/session.py", "machines/session.py"],
            {"test_session.py": "from anytws.core.session import X"},
            True,
        ),
        (
            "machines/session.py",
            ["core/session.py", "machines/session.py"],
            {"test_session.py": "from anytws.core.session import X"},
            False,
        ),
        ("machines/session.py", ["core/session.py", "machines/session.py"], {"test_machines_session.py": ""}, True),
    ],
)
def test_of_two_sources_with_one_name_each_needs_its_own(source, sources, tests_, found):
    assert has_own(source, sources, tests_) is found
