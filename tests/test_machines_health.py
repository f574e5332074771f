"""What is known of each layer, from what TWS says of itself; and how old what came is."""

from __future__ import annotations

import pickle
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import anytws.machines.health as health_module
from anytws import CloseReason, ConnectionClosed, Farm, FarmKind, FarmState, Health, LinkState, State
from anytws.core import CODES, CodeKind
from anytws.machines import ClientSession
from anytws.machines.health import FARM_CODES, MARKET_DATA, MOST_FARMS, HealthChanged, Latest, Layers
from anytws.messages import (
    ContractDataEnd,
    ErrorMessage,
    MarketDataMode,
    MarketDataRequest,
    MarketDataType,
    NextValidId,
    Stock,
    TickPrice,
    TickType,
)
from anytws.wire.catalogue import CATALOGUE
from tests.conversing import VERSIONS, Line

VENDOR: Final = {
    2103: "Market data farm connection is broken:{}",
    2104: "Market data farm connection is OK:{}",
    2105: "HMDS data farm connection is broken:{}",
    2106: "HMDS data farm connection is OK:{}",
    2107: "HMDS data farm connection is inactive but should be available upon demand.{}",
    2108: "Market data farm connection is inactive but should be available upon demand.{}",
    2119: "Market data farm is connecting:{}",
    2157: "Sec-def data farm connection is broken:{}",
    2158: "Sec-def data farm connection is OK:{}",
}
"""The vendor's own texts, as they were recorded."""


def say(line: Line, code: int, farm: str = "usfarm", number: int | None = None) -> Health:
    """Have TWS say *code* of *farm*; give the health after it."""
    text = VENDOR.get(code, "text of {}").format(farm)
    line.say(ErrorMessage(number, code, text))
    return line.session.health(line.now)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_known_of_a_session_that_is_just_ready(version: int) -> None:
    """Nothing was said, so nothing is claimed; and nothing is wrong."""
    line = Line(version, is_settled=False)
    health = line.session.health(line.now + 1.5)
    assert health == Health(
        state=State.READY,
        closed=None,
        link=LinkState.UNTOLD,
        link_code=None,
        link_losses=0,
        data_losses=0,
        farms=(),
        farms_left_out=0,
        data_age=None,
        word_age=1.5,
    )
    assert health.is_linked
    assert health.is_well
    assert str(health) == "ready, link untold, 0 farms ok, no data, last word 1.5 s old"


def test_before_it_is_ready_it_is_not_well() -> None:
    layers = Layers()
    layers.enter(State.HANDSHAKING)
    health = layers.health(None, 5.0)
    assert (health.is_linked, health.troubles) == (False, ("the connection to TWS is handshaking",))
    assert (health.data_age, health.word_age) == (None, None)
    assert "no last word" in str(health)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_outage_of_the_link(version: int) -> None:
    """1100, 1100 again, 1102; then 2110 and 1101, without any word in between."""
    line = Line(version)
    down = say(line, 1100)
    assert (down.link, down.link_code, down.is_linked, down.is_well) == (LinkState.DOWN, 1100, False, False)
    assert down.troubles == ("TWS has no link to the vendor (1100)",)
    assert say(line, 1100).link_losses == 1
    up = say(line, 1102)
    assert (up.link, up.link_code, up.link_losses, up.data_losses, up.troubles) == (LinkState.UP, 1102, 1, 0, ())
    say(line, 2110)
    back = say(line, 1101)
    assert (back.link, back.link_losses, back.data_losses, back.is_well) == (LinkState.UP, 2, 1, True)
    assert "link up (1101)" in str(back)


def test_restored_without_having_been_lost() -> None:
    line = Line()
    health = say(line, 1101)
    assert (health.link, health.link_losses, health.data_losses) == (LinkState.UP, 0, 1)


@pytest.mark.parametrize("number, counts", [(None, True), (0, True), (1_000_000_000, False), (5, False)])
def test_only_what_is_about_no_request_is_about_the_link(number: int | None, counts: bool) -> None:
    """1100 under a request's id is the answer to that, and may come when the link is back."""
    line = Line()
    line.session.stream(MarketDataRequest(Stock("AAPL")), line.now)
    line.move()
    assert (say(line, 1100, number=number).link is LinkState.DOWN) is counts


@pytest.mark.parametrize("code", VENDOR)
def test_a_farm_is_named_in_the_text_and_its_state_is_the_code_s(code: int) -> None:
    line = Line()
    health = say(line, code, "ushmds")
    kind, state = FARM_CODES[code]
    assert health.farms == (Farm(kind, "ushmds", state),)
    assert health.farm("ushmds") is state
    assert health.farm("usfarm") is None
    assert health.is_well is (state in (FarmState.OK, FarmState.INACTIVE))
    assert health.broken() == (health.farms if state is FarmState.BROKEN else ())


def test_farms_of_one_name_are_told_apart_by_what_they_have_and_sorted() -> None:
    line = Line()
    for code, name in ((2158, "secdefil"), (2106, "farm"), (2103, "farm"), (2104, "cashfarm"), (2119, "eufarm")):
        health = say(line, code, name)
    assert [str(farm) for farm in health.farms] == [
        "cashfarm ok",
        "eufarm connecting",
        "farm broken",
        "farm ok",
        "secdefil ok",
    ]
    assert health.broken(FarmKind.MARKET_DATA) == (Farm(FarmKind.MARKET_DATA, "farm", FarmState.BROKEN),)
    assert health.broken(FarmKind.HISTORICAL) == ()
    assert health.troubles == ("eufarm connecting", "farm broken")
    assert str(health).startswith("ready, link untold, 3 farms ok, eufarm connecting, farm broken, no data, last word")
    assert say(line, 2104, "farm").broken() == ()


def test_a_farm_without_a_name_is_one_of_its_own() -> None:
    """A text without a name was recorded; of the farms that have one it says nothing."""
    line = Line()
    line.say(ErrorMessage(None, 2107, "HMDS data farm connection is inactive."))
    line.say(ErrorMessage(None, 2106, "HMDS data farm connection is OK:ushmds"))
    line.say(ErrorMessage(None, 2104, ""))
    health = line.session.health(line.now)
    assert [str(farm) for farm in health.farms] == [
        "a farm of market data ok",
        "a farm of historical data inactive",
        "ushmds ok",
    ]
    assert health.is_well


def test_a_peer_that_makes_up_farms_hides_none_that_is_broken() -> None:
    """There is a bound, the first ones stay, and how many words were not kept is told; names are as long as lines."""
    line = Line()
    say(line, 2103, "usfarm")
    for number in range(3 * MOST_FARMS):
        say(line, 2104, f"farm{number}")
    say(line, 2103, "x" * 1_000_000)
    health = say(line, 2105, "y" * 150)
    assert len(health.farms) == MOST_FARMS
    assert health.farms_left_out == 2 * MOST_FARMS + 3
    assert health.broken() == (Farm(FarmKind.MARKET_DATA, "usfarm", FarmState.BROKEN),)
    assert say(line, 2104, "usfarm").is_well


def test_a_line_is_a_line_whatever_the_names() -> None:
    line = Line()
    for number in range(20):
        health = say(line, 2103, f"{number}".rjust(150, "z"))
    assert len(str(health)) < 500
    assert "15 more farms not ok" in str(health)
    assert str(health).isprintable()


def test_the_codes_are_all_that_the_table_has_of_farms() -> None:
    assert {*FARM_CODES} == {code for code in CODES if CODES.kind_of(code) is CodeKind.FARM}


def test_a_table_of_the_user_s_changes_nothing_about_what_the_codes_say() -> None:
    """To take 2103 for an error is to be told so in `events`; the farm is broken all the same."""
    line = Line(codes=CODES.with_kinds({2103: CodeKind.REQUEST_FAILED, 1100: CodeKind.NOTICE}))
    say(line, 1100)
    assert say(line, 2103).troubles == ("TWS has no link to the vendor (1100)", "usfarm broken")


# Ages


def test_the_age_of_what_came() -> None:
    """Any byte is a word; market data are ticks, rows of a book and bars, and nothing else that a stream brings."""
    line = Line()
    stream = line.session.stream(MarketDataRequest(Stock("AAPL")), line.now)
    line.move()
    number: Any = stream.request.request_id  # type: ignore[attr-defined]
    line.now += 10.0
    line.say(MarketDataType(number, MarketDataMode.REAL_TIME), ErrorMessage(number, 10167, "delayed"))
    assert line.session.health(line.now).data_age is None
    line.say(TickPrice(number, TickType.BID, 1.5, None), ContractDataEnd(1), ContractDataEnd(2))
    line.now += 3.0
    line.say_bytes(line.bytes_of(NextValidId(9))[:2])
    line.now += 0.25
    health = line.session.health(line.now)
    assert (health.data_age, health.word_age) == (3.25, 0.25)
    assert line.session.health(line.now - 100).data_age == 0


def test_market_data_are_what_streams_bring_that_1101_ends() -> None:
    """Save what stands in front of data, and what is reckoned of them (profit, scanners) or was asked for."""
    kinds = {
        kind.__name__
        for entry in CATALOGUE
        if (row := entry.conversation) is not None and row.lost_with_link
        for kind in (*row.answers, *[kind for variant in row.variants for kind in variant.answers or ()])
    }
    others = {name for name in kinds if name.startswith(("Historical", "Reroute", "PnL", "Scanner"))}
    others |= {"MarketDataType", "TickReqParams", "DeltaNeutralValidation"}
    assert kinds - MARKET_DATA == others - MARKET_DATA
    assert kinds >= MARKET_DATA


# Who watches


def test_the_steps_of_the_handshake_are_changes_too() -> None:
    """For who drives a session by himself, and for a start by hand."""
    session = ClientSession()
    watched = session.watch_health()
    watched.take()
    session.opened(0.0)
    assert watched in session.news()
    assert watched.take() == [HealthChanged()]
    assert session.health(0.0).state is State.HANDSHAKING


def test_who_watches_is_told_at_once_and_then_of_each_change() -> None:
    """Of several changes in one read once; of what changes nothing, never."""
    line = Line()
    watched = line.session.watch_health()
    assert watched.take() == [HealthChanged()]
    assert line.session.news() == []
    say(line, 1100)
    assert line.session.news() == [watched]
    assert watched.take() == [HealthChanged()]
    for code in (1100, 2109, 399):
        say(line, code)
    assert (line.session.news(), watched.take()) == ([], [])
    line.say(ErrorMessage(None, 1102, ""), ErrorMessage(None, 1100, ""), ErrorMessage(None, 2104, "ok:usfarm"))
    assert line.session.news() == [watched]
    assert watched.take() == [HealthChanged()]
    assert line.session.health(line.now).link_losses == 2
    watched.close()
    say(line, 1102)
    assert line.session.news() == []


def test_the_end_is_the_last_change() -> None:
    line = Line()
    say(line, 1100)
    watched = line.session.watch_health()
    watched.take()
    line.session.receive_eof(line.now)
    assert watched in line.session.news()
    assert watched.take() == [HealthChanged()]
    with pytest.raises(ConnectionClosed):
        watched.take()
    health = line.session.health(line.now + 5)
    assert (health.state, health.link, health.link_losses) == (State.CLOSED, LinkState.UNKNOWN, 1)
    assert health.closed is not None
    assert health.closed.reason is CloseReason.EOF
    assert health.troubles == ("the connection to TWS is over (eof)",)
    assert str(health).startswith("closed (eof), link unknown (1100), ")
    late = line.session.watch_health()
    assert late.take() == [HealthChanged()]
    with pytest.raises(ConnectionClosed):
        late.take()


def test_those_who_stopped_to_watch_are_forgotten() -> None:
    layers = Layers()
    for _ in range(100):
        mailbox: Latest[HealthChanged] = Latest()
        layers.watch(mailbox, None)
        mailbox.close()
    assert len(layers._watchers) == 1


def test_a_mailbox_for_the_newest_holds_one() -> None:
    latest: Latest[int] = Latest()
    latest.extend([])
    assert not latest.has_items
    latest.extend([1, 2, 3])
    latest.extend([4])
    assert latest.take() == [4]
    latest.extend(range(1000))
    assert latest.refill()
    latest.extend([5])
    assert latest.take() == [5]
    latest.finish(last=6)
    latest.extend([7])
    assert latest.take() == [6]


def test_health_is_a_value() -> None:
    line = Line()
    health = say(line, 2103)
    assert pickle.loads(pickle.dumps(health)) == health  # noqa: S301
    with pytest.raises(AttributeError):
        health.link = LinkState.UP  # type: ignore[misc]
    assert "Farm(kind=FarmKind.MARKET_DATA, name='usfarm', state=FarmState.BROKEN)" in repr(health)


WORDS: Final = st.sampled_from([*FARM_CODES, 1100, 1101, 1102, 2110, 2100, 321, 9999])


@given(said=st.lists(st.tuples(WORDS, st.none() | st.text(max_size=8) | st.sampled_from(["a:usfarm", "b:x", "c.d:x"]))))
def test_whatever_is_said_the_last_word_of_each_layer_counts(said: list[tuple[int, str | None]]) -> None:
    """A second account of the same: by reading the list from its end."""
    layers = Layers()
    layers.enter(State.READY)
    for code, text in said:
        before = layers.changes, layers.health(None, 0.0)
        layers.hear(code, text)
        after = layers.changes, layers.health(None, 0.0)
        assert (before[0] != after[0]) is (before[1] != after[1])
    health = layers.health(None, 0.0)
    links = [code for code, _ in said if code in (1100, 1101, 1102, 2110)]
    assert health.link_code == (links[-1] if links else None)
    assert health.is_linked is (not links or links[-1] in (1101, 1102))
    last = {}
    for code, text in said:
        if code in FARM_CODES:
            kind, state = FARM_CODES[code]
            last[kind, health_module.farm_of(text)] = state
    assert {(farm.kind, farm.name): farm.state for farm in health.farms} == last
    assert len(health.farms) == len(last)
