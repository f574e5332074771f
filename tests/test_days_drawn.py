"""What Hypothesis draws: each kind of fault, at words that the program and TWS really say; and each word once."""

from __future__ import annotations

from collections import Counter

import attrs
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from anytws.simulator import WorldSettings
from anytws.simulator.faults import At, Event, On
from anytws.simulator.market.models import FLAT, SEEDED, PriceModel
from anytws.testing.days.drawn import KINDS, MOST_FAULTS, USUAL, Drawing, Seen, check_kinds, singles
from anytws.testing.days.plan import DAY_SETTINGS, Plan, plan_of
from anytws.testing.days.running import live
from tests.days_helpers import Hedger, idle

LOOK = settings(
    max_examples=200,
    phases=[Phase.generate],
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
    deadline=None,
)


@pytest.fixture(scope="module")
def drawing() -> Drawing:
    return Drawing(Hedger, DAY_SETTINGS, kinds=KINDS, seconds=60.0)


def test_what_was_seen_is_where_faults_are_put(drawing: Drawing):
    seen = drawing.seen
    assert seen.requests["PlaceOrderRequest"] == 2
    assert seen.sayings["ExecutionDetails"] == 2
    assert "StartApiRequest" not in seen.requests
    assert seen.times[0] == 0.0
    assert len(seen.times) > 3
    assert seen.symbols == ("AAPL", "MSFT")


def test_every_kind_is_drawn_and_nothing_that_cannot_be(drawing: Drawing):
    drawn: Counter[str] = Counter()
    sizes: Counter[int] = Counter()

    @LOOK
    @given(drawing.plans)
    def look(plan: Plan) -> None:
        sizes[len(plan.script.events)] += 1
        drawn.update(type(event.do).__name__ for event in plan.script.events)
        assert plan.settings == DAY_SETTINGS
        assert plan.seconds == 60.0
        assert plan_of(plan.token) == plan
        for event in plan.script.events:
            if isinstance(event.when, At):
                assert 0 <= event.when.at <= 60.0

    look()
    assert {0, 1, MOST_FAULTS} <= {*sizes}
    assert max(sizes) == MOST_FAULTS
    wanted = {"ShiftMarket", "FillOrder", "RejectOrder", "CutConnection", "CutUnanswered", "Repeat", "AnswerLate"}
    assert wanted <= {*drawn}
    assert {"Latency", "Slicer", "ErrorInstead", "NightlyRestart", "ConnectionLost"} <= {*drawn}


@pytest.mark.parametrize("kind", KINDS)
def test_a_day_may_have_one_kind_alone(drawing: Drawing, kind: str):
    only = Drawing(Hedger, DAY_SETTINGS, kinds=[kind], seconds=60.0)
    only.__dict__["seen"] = drawing.seen
    drawn = set()

    @settings(LOOK, max_examples=20)
    @given(only.plans)
    def look(plan: Plan) -> None:
        drawn.update(type(event.do).__name__ for event in plan.script.events)

    look()
    assert drawn
    assert not drawn & {"CutConnection"} or kind == "outages"


@pytest.mark.parametrize("model, is_one", [(SEEDED, False), (FLAT, True)])
def test_prices_that_move_are_drawn_by_their_seed(model: PriceModel, is_one: bool):
    drawing = Drawing(idle, attrs.evolve(DAY_SETTINGS, price_model=model), kinds=(), seconds=10.0)
    seeds: set[int] = set()

    @settings(LOOK, max_examples=20)
    @given(drawing.plans)
    def look(plan: Plan) -> None:
        seeds.add(plan.settings.seed)

    look()
    assert (len(seeds) == 1) is is_one


def test_days_without_faults_may_be_wanted():
    calm = Drawing(idle, DAY_SETTINGS, kinds=(), seconds=60.0)

    @settings(LOOK, max_examples=5)
    @given(calm.plans)
    def look(plan: Plan) -> None:
        assert plan.script.events == ()

    look()
    assert calm.sweep(100) == []


def test_one_fault_at_each_word(drawing: Drawing):
    events = singles(drawing.seen, KINDS)
    assert len(events) == len({*events})
    assert [type(event.do).__name__ for event in events[:4]] == ["CutUnanswered"] * 4
    assert Event(On("PlaceOrderRequest", nth=2), events[0].do) in events
    days = drawing.sweep(7)
    assert [plan.script.events for plan in days] == [(event,) for event in events[:7]]
    assert len(drawing.sweep(10_000)) == len(events)
    assert {type(event.do).__name__ for event in singles(drawing.seen, ["fills"])} == {"FillOrder"}


def test_all_of_them_can_be_lived_through(drawing: Drawing):
    """Whatever the program does: no fault of the list is one that its TWS cannot do."""

    class Patient(Hedger):
        async def run(self, tws) -> None:
            try:
                await super().run(tws)
            except Exception as problem:
                await tws.closed()
                raise await tws.closed() from problem

    for plan in drawing.sweep(1000)[::3]:
        live(plan, Patient)


def test_a_kind_that_is_none_is_told():
    with pytest.raises(ValueError, match="'weather' is no kind of fault; these are: prices, fills, rejects"):
        Drawing(idle, DAY_SETTINGS, kinds=["weather"])
    assert check_kinds("bytes") == ("bytes",)
    assert {*USUAL} < {*KINDS}


def test_symbols_of_positions_are_known_from_the_settings():
    day = live(Plan(settings=WorldSettings(epoch_at_zero=DAY_SETTINGS.epoch_at_zero), seconds=1.0), idle)
    assert Seen.of(day.story, day.plan.settings).symbols == ("AAPL", "SPY")
