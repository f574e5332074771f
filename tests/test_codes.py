"""The code table: what is in it, what it says of codes that are not, and what can be read from two texts."""

from __future__ import annotations

import copy
import json
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws import errors
from anytws.core import codes
from anytws.core.codes import (
    ANY_REQUEST,
    BANDS,
    CODES,
    EFFECTS_OF_KIND,
    EFFECTS_ON_ORDERS,
    EFFECTS_ON_REQUESTS,
    Code,
    CodeKind,
    CodeSource,
    CodeTable,
    Effect,
    Outstanding,
    farm_of,
    port_of,
)
from anytws.messages.base import Side
from anytws.wire import catalogue
from docs import write_codes
from tests.growth import assert_linear

KINDS = st.sampled_from(CodeKind)
NUMBERS = st.one_of(st.sampled_from(sorted(CODES)), st.integers())
KNOWN = frozenset(CODES)

FACTS: Final[dict[str, Any]] = json.loads(
    (Path(__file__).with_name("data") / "system_messages.json").read_text("utf-8")
)
"""What was found out about the codes: the fixed columns."""
REQUESTS: Final = [entry.cls.__name__ for entry in catalogue.CATALOGUE if entry.said_by is Side.CLIENT]
"""The names of all messages of a client."""
KEYS: Final = [ANY_REQUEST, *Outstanding, *REQUESTS]

OTHER_KIND: Final = {508: CodeKind.NOTICE}
"""Codes whose kind is not the class that the facts give. 508 is a code that client libraries make, and most of them
hang up then; here a frame that cannot be read is one event, and the connection goes on (docs/decisions/0003)."""


def _named(key: str) -> Outstanding | str:
    return Outstanding(key) if key in {each.value for each in Outstanding} else key


def _row_of(fact: dict[str, Any]) -> Code:
    """Give the row that the facts ask for. Its meaning and its advice are in words, which no test can hold."""
    code, said = fact["code"], CODES[fact["code"]]
    return Code(
        code=code,
        kind=OTHER_KIND.get(code, CodeKind(fact["class"])),
        meaning=said.meaning,
        local=fact.get("local", False),
        source=reduce(or_, (CodeSource[word.upper()] for word in fact["source"])),
        reaction=said.reaction,
        effects=tuple((_named(key), Effect(word)) for key, word in fact.get("scope", {}).items()),
        wrapped=fact.get("wrapped"),
        may_be_wrapped=tuple(fact.get("may_wrap", ())),
    )


def test_every_row_says_what_is_known_of_its_code() -> None:
    assert [row for fact in FACTS["codes"] if (row := _row_of(fact)) != CODES[row.code]] == []


def test_the_table_has_the_codes_that_are_known_and_no_others() -> None:
    assert list(CODES) == [fact["code"] for fact in FACTS["codes"]]


def test_the_words_are_those_of_the_facts() -> None:
    assert {kind.value for kind in CodeKind} == set(FACTS["class_scope"])
    assert [effect.value for effect in Effect] == FACTS["scope_words"]
    for word, effects in FACTS["class_scope"].items():
        assert EFFECTS_OF_KIND[CodeKind(word)] == {_named(key): Effect(effect) for key, effect in effects.items()}
    classes = {tuple(fact["range"]): CodeKind(fact["class"]) for fact in FACTS["fallback"]}
    assert all(classes[band.first, band.last] is band.kind for band in BANDS)


def test_what_a_code_does_is_what_its_row_says_and_else_what_its_class_does() -> None:
    """Read off the facts by another way than the table's, for every code that has a scope, and every message."""
    for fact in FACTS["codes"]:
        code, scope, of_class = fact["code"], fact.get("scope", {}), FACTS["class_scope"][fact["class"]]
        if code in OTHER_KIND:
            continue
        for outstanding in Outstanding:
            expected = scope.get(outstanding.value, of_class[outstanding.value])
            assert CODES.effect_on_order(code, outstanding) is Effect(expected), code
        in_general = scope.get("request", of_class["request"])
        assert CODES.effect_on_request(code) is Effect(in_general), code
        for request in REQUESTS if scope else ("MarketDataRequest",):
            assert CODES.effect_on_request(code, request) is Effect(scope.get(request, in_general)), (code, request)


def test_effects_name_messages_of_clients_once_and_only_what_can_happen_to_them() -> None:
    for row in CODES.values():
        keys = [key for key, _ in row.effects]
        assert len(keys) == len(set(keys))
        for key, effect in row.effects:
            assert key in KEYS
            assert effect in (EFFECTS_ON_ORDERS if isinstance(key, Outstanding) else EFFECTS_ON_REQUESTS)
        # The code that is sent in its place is one of the three that say that TWS could not do what was asked.
        assert {row.wrapped, *row.may_be_wrapped} <= {None, 320, 321, 322}
    for effects in EFFECTS_OF_KIND.values():
        assert list(effects) == [ANY_REQUEST, *Outstanding]
        assert effects[ANY_REQUEST] in EFFECTS_ON_REQUESTS
        assert {effects[each] for each in Outstanding} <= EFFECTS_ON_ORDERS


@pytest.mark.parametrize(
    "code,new,modify,cancel,idle",
    [
        (103, Effect.DEAD, Effect.LIVES, Effect.ASK, Effect.ASK),
        (104, Effect.ASK, Effect.LIVES, Effect.ASK, Effect.ASK),
        (110, Effect.DEAD, Effect.LIVES, Effect.ASK, Effect.ASK),
        (135, Effect.DEAD, Effect.LIVES, Effect.FAILED, Effect.ASK),
        (161, Effect.COMMENT, Effect.COMMENT, Effect.FAILED, Effect.COMMENT),
        (200, Effect.DEAD, Effect.ASK, Effect.ASK, Effect.COMMENT),
        (201, Effect.DEAD, Effect.ASK, Effect.FAILED, Effect.DEAD),
        (202, Effect.DEAD, Effect.DEAD, Effect.DONE, Effect.DEAD),
        (321, Effect.DEAD, Effect.LIVES, Effect.FAILED, Effect.COMMENT),
        (399, Effect.COMMENT, Effect.COMMENT, Effect.COMMENT, Effect.COMMENT),
        (404, Effect.COMMENT, Effect.COMMENT, Effect.COMMENT, Effect.COMMENT),
        (1100, Effect.ASK, Effect.ASK, Effect.ASK, Effect.COMMENT),
        (10147, Effect.COMMENT, Effect.COMMENT, Effect.FAILED, Effect.COMMENT),
        (10148, Effect.COMMENT, Effect.COMMENT, Effect.FAILED, Effect.COMMENT),
        (10197, Effect.COMMENT, Effect.COMMENT, Effect.COMMENT, Effect.COMMENT),
        (10349, Effect.COMMENT, Effect.COMMENT, Effect.COMMENT, Effect.COMMENT),
    ],
)
def test_what_well_known_codes_do_to_an_order(
    code: int, new: Effect, modify: Effect, cancel: Effect, idle: Effect
) -> None:
    """Written out by hand, from recorded sessions: money hangs on these."""
    assert [CODES.effect_on_order(code, each) for each in Outstanding] == [new, modify, cancel, idle]


@pytest.mark.parametrize(
    "code,request_name,effect",
    [
        (162, "HistoricalDataRequest", Effect.ENDS),
        (162, "CancelHistoricalData", Effect.DONE),
        (200, "ContractDataRequest", Effect.ENDS),
        (202, None, Effect.ENDS),
        (300, "CancelMarketData", Effect.FAILED),
        (354, "MarketDataRequest", Effect.ENDS),
        (1100, "ContractDataRequest", Effect.ENDS),
        (1101, "MarketDataRequest", Effect.COMMENT),
        (2100, "AccountDataRequest", Effect.ENDS),
        (2100, "PositionsRequest", Effect.COMMENT),
        (2188, "HistoricalDataRequest", Effect.WAIT),
        (10089, "MarketDataRequest", Effect.WAIT),
        (10089, "TickByTickRequest", Effect.ENDS),
        (10089, None, Effect.ENDS),
        (10167, "MarketDataRequest", Effect.COMMENT),
    ],
)
def test_what_well_known_codes_do_to_a_request(code: int, request_name: str | None, effect: Effect) -> None:
    assert request_name is None or request_name in REQUESTS
    assert CODES.effect_on_request(code, request_name) is effect


@given(
    code=st.one_of(
        st.integers(), st.integers(90, 600), st.integers(1000, 2300), st.integers(9_900, 11_100), st.just(2**31 - 1)
    ).filter(lambda code: code not in KNOWN),
    request=st.one_of(st.none(), st.sampled_from(REQUESTS), st.text()),
    outstanding=st.sampled_from(Outstanding),
)
def test_an_unknown_code_is_a_remark_to_an_order_and_the_end_of_a_request_unless_it_is_a_warning(
    code: int, request: str | None, outstanding: Outstanding
) -> None:
    assert CODES.effect_on_order(code, outstanding) is Effect.COMMENT
    is_a_warning = 2100 <= code <= 2199
    assert CODES.effect_on_request(code, request) is (Effect.COMMENT if is_a_warning else Effect.ENDS)


def test_each_code_has_one_row_and_the_rows_are_in_order():
    rows = codes.CODE_ROWS
    numbers = [row.code for row in rows]
    assert numbers == sorted(set(numbers)) == list(CODES)
    assert len(CODES) == len(rows)
    assert all(row.meaning and row.reaction != "" for row in rows)


def test_two_rows_for_one_code_are_refused():
    with pytest.raises(ValueError, match="code 326 has two rows"):
        CodeTable([CODES[326], CODES[100], CODES[326]])


@pytest.mark.parametrize(
    "kind,members",
    [
        (CodeKind.FATAL, {100, 326, 357, 1300, 10141}),
        (CodeKind.FARM, {2103, 2104, 2105, 2106, 2107, 2108, 2119, 2120, 2157, 2158, 2159, 2160}),
        (CodeKind.LINK, {1100, 1101, 1102, 2110}),
        (CodeKind.CANCEL_FAILED, {136, 137, 161, 458, 10147, 10148, 10220, 10221}),
        (CodeKind.CANCELLED, {202}),
    ],
)
def test_kinds_that_a_connection_acts_on_hold_exactly_these_codes_of_tws(kind, members):
    """Written out by hand: one code too many here ends connections, one too few leaves them hanging."""
    assert {row.code for row in CODES.values() if row.kind is kind and not row.local} == members


@pytest.mark.parametrize(
    "code,kind",
    [
        (0, CodeKind.NOTICE),
        (162, CodeKind.REQUEST_FAILED),
        (200, CodeKind.REQUEST_FAILED),
        (201, CodeKind.ORDER_REJECTED),
        (202, CodeKind.CANCELLED),
        (317, CodeKind.NOTICE),
        (321, CodeKind.REQUEST_FAILED),
        (399, CodeKind.NOTICE),
        (404, CodeKind.NOTICE),
        (434, CodeKind.NOTICE),
        (492, CodeKind.NOTICE),
        (2100, CodeKind.NOTICE),
        (2101, CodeKind.REQUEST_FAILED),
        (2102, CodeKind.ORDER_REJECTED),
        (2109, CodeKind.NOTICE),
        (10089, CodeKind.REQUEST_FAILED),
        (10090, CodeKind.NOTICE),
        (10147, CodeKind.CANCEL_FAILED),
        (10148, CodeKind.CANCEL_FAILED),
        (10167, CodeKind.NOTICE),
        (10197, CodeKind.REQUEST_FAILED),
        (10349, CodeKind.NOTICE),
    ],
)
def test_well_known_codes(code, kind):
    assert CODES.kind_of(code) is kind


def test_local_codes_are_those_that_client_libraries_make():
    local = [row for row in CODES.values() if row.local]
    assert all(500 <= row.code < 600 and row.source is CodeSource.VERIFIED for row in local)
    made_here = {value for name, value in vars(errors).items() if name[0] != "_" and type(value) is int}
    assert made_here <= {row.code for row in local}
    # One frame that cannot be read, or that nobody knows, never ends a connection here.
    assert {CODES.kind_of(errors.BAD_MESSAGE), CODES.kind_of(errors.UNKNOWN_ID)} == {CodeKind.NOTICE}


def test_every_named_code_has_a_row_of_the_kind_that_its_name_says():
    named = {name: getattr(codes, name) for name in codes.__all__ if isinstance(getattr(codes, name), int)}
    assert set(named.values()) <= KNOWN
    assert len(set(named.values())) == len(named)
    for name, code in named.items():
        assert ("FARM" in name) == (CODES.kind_of(code) is CodeKind.FARM)
        assert name.startswith("LINK") == (CODES.kind_of(code) is CodeKind.LINK)


@given(code=st.integers().filter(lambda code: code not in KNOWN))
def test_an_unknown_code_is_a_notice_unless_its_band_says_more(code):
    kinds = [band.kind for band in BANDS if code in range(band.first, band.last + 1)]
    assert CODES.kind_of(code) is (kinds[0] if kinds else CodeKind.NOTICE)
    assert CODES.row(code) is None
    assert code not in CODES


@pytest.mark.parametrize(
    "code,kind",
    [
        (1099, CodeKind.NOTICE),
        (1107, CodeKind.LINK),
        (1302, CodeKind.LINK),
        (1399, CodeKind.LINK),
        (1400, CodeKind.NOTICE),
        (2099, CodeKind.NOTICE),
        (2199, CodeKind.NOTICE),
        # In ranges that other clients take as failures: never the end of an order by themselves.
        (112, CodeKind.NOTICE),
        (470, CodeKind.NOTICE),
        (599, CodeKind.NOTICE),
        (10062, CodeKind.NOTICE),
        (10999, CodeKind.NOTICE),
        (-1, CodeKind.NOTICE),
        (2147483647, CodeKind.NOTICE),
    ],
)
def test_unknown_codes_by_example(code, kind):
    assert code not in CODES
    assert CODES.kind_of(code) is kind


@given(kinds=st.dictionaries(NUMBERS, KINDS), asked=NUMBERS)
def test_with_kinds_changes_these_codes_and_no_other(kinds, asked):
    before = list(CODES.values())
    table = CODES.with_kinds(kinds)
    assert table.kind_of(asked) is kinds.get(asked, CODES.kind_of(asked))
    assert {code for code in table if table[code] != CODES.row(code)} <= set(kinds)
    assert list(table) == sorted(set(CODES) | set(kinds))
    assert list(CODES.values()) == before


def test_with_kinds_keeps_what_is_known_of_a_code():
    row = CODES.with_kinds({399: CodeKind.ORDER_REJECTED})[399]
    assert row == attrs.evolve(CODES[399], kind=CodeKind.ORDER_REJECTED)


@given(code=NUMBERS, kind=KINDS, outstanding=st.sampled_from(Outstanding), request=st.sampled_from(REQUESTS))
def test_with_kinds_says_what_a_code_does_too(
    code: int, kind: CodeKind, outstanding: Outstanding, request: str
) -> None:
    table = CODES.with_kinds({code: kind})
    known = CODES.row(code)
    if known is not None and known.kind is kind:
        assert table == CODES
    else:
        assert table.effect_on_order(code, outstanding) is EFFECTS_OF_KIND[kind][outstanding]
        assert table.effect_on_request(code) is EFFECTS_OF_KIND[kind][ANY_REQUEST]
        assert table.effect_on_request(code, request) is EFFECTS_OF_KIND[kind][ANY_REQUEST]


def _possible(key: Outstanding | str) -> st.SearchStrategy[tuple[Outstanding | str, Effect]]:
    effects = EFFECTS_ON_ORDERS if isinstance(key, Outstanding) else EFFECTS_ON_REQUESTS
    return st.tuples(st.just(key), st.sampled_from(sorted(effects, key=lambda effect: effect.value)))


EFFECTS = st.lists(st.sampled_from(KEYS).flatmap(_possible), min_size=1, max_size=4).map(dict)


@given(given_effects=st.dictionaries(NUMBERS, EFFECTS, max_size=3), asked=NUMBERS, request=st.sampled_from(REQUESTS))
def test_with_effects_changes_these_and_nothing_else(
    given_effects: dict[int, dict[Outstanding | str, Effect]], asked: int, request: str
) -> None:
    before = list(CODES.values())
    table = CODES.with_effects(given_effects)
    assert list(table) == sorted(set(CODES) | set(given_effects))
    assert list(CODES.values()) == before
    for code in [asked, *given_effects]:
        mine = given_effects.get(code, {})
        assert table.kind_of(code) is CODES.kind_of(code)
        for outstanding in Outstanding:
            expected = mine.get(outstanding, CODES.effect_on_order(code, outstanding))
            assert table.effect_on_order(code, outstanding) is expected
        own = dict(row.effects) if (row := CODES.row(code)) is not None else {}
        for name in {request, *(key for key in mine if isinstance(key, str) and key != ANY_REQUEST)}:
            # What the table said of this very request goes before what is now said of requests in general.
            usual = own[name] if name in own else mine.get(ANY_REQUEST, CODES.effect_on_request(code, name))
            assert table.effect_on_request(code, name) is mine.get(name, usual)
        assert table.effect_on_request(code) is mine.get(ANY_REQUEST, CODES.effect_on_request(code))


def test_with_effects_keeps_what_is_known_of_a_code_and_what_was_said_before() -> None:
    first = CODES.with_effects({201: {Outstanding.MODIFY: Effect.LIVES}})
    assert first[201] == attrs.evolve(CODES[201], effects=first[201].effects)
    second = first.with_effects({201: {Outstanding.IDLE: Effect.ASK}})
    assert second.effect_on_order(201, Outstanding.MODIFY) is Effect.LIVES
    assert second.effect_on_order(201, Outstanding.IDLE) is Effect.ASK
    assert second.effect_on_order(201, Outstanding.CANCEL) is Effect.FAILED
    # Saying what is so changes nothing.
    assert CODES.with_effects({201: {Outstanding.NEW: Effect.DEAD}}) == CODES


def test_with_effects_gives_an_unknown_code_a_row_of_the_application() -> None:
    row = CODES.with_effects({123456: {"MarketDataRequest": Effect.COMMENT}})[123456]
    assert (row.kind, row.local, row.source) == (CodeKind.NOTICE, False, CodeSource.APPLICATION)
    assert row.meaning == "Effects given by the application"
    assert dict(row.effects) == {ANY_REQUEST: Effect.ENDS, "MarketDataRequest": Effect.COMMENT}


@pytest.mark.parametrize(
    "effects,error,words",
    [
        ({Outstanding.NEW: "dead"}, TypeError, "an effect of code 201 is 'dead', which is not an Effect"),
        ({1: Effect.DEAD}, TypeError, "code 201 has an effect on 1, which is neither an Outstanding nor a message's"),
        ({"new": Effect.DEAD}, ValueError, "code 201 has an effect on 'new', and no message of a client has that name"),
        ({"MarketDataReqest": Effect.ENDS}, ValueError, "on 'MarketDataReqest', and no message of a client has that"),
        ({"TickPrice": Effect.ENDS}, ValueError, "code 201 has an effect on 'TickPrice', and no message of a client"),
        ({"Asks": Effect.ENDS}, ValueError, "code 201 has an effect on 'Asks', and no message of a client has that"),
        ({"ToTws": Effect.ENDS}, ValueError, "code 201 has an effect on 'ToTws', and no message of a client has that"),
        (
            {Outstanding.NEW: Effect.ENDS},
            ValueError,
            "code 201 cannot have the effect ENDS on an order, but one of ASK, COMMENT, DEAD, DONE, FAILED, LIVES",
        ),
        (
            {ANY_REQUEST: Effect.DEAD},
            ValueError,
            "code 201 cannot have the effect DEAD on a request, but one of COMMENT, DONE, ENDS, FAILED, WAIT",
        ),
    ],
)
def test_a_slip_in_effects_is_found_out_at_once(effects: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        CODES.with_effects({201: effects})


def test_every_message_of_a_client_can_be_named_in_effects() -> None:
    table = CODES.with_effects({123456: dict.fromkeys(REQUESTS, Effect.WAIT)})
    assert {table.effect_on_request(123456, name) for name in REQUESTS} == {Effect.WAIT}
    assert table.effect_on_request(123456) is Effect.ENDS


def test_with_kinds_gives_an_unknown_code_a_row_of_the_application():
    row = CODES.with_kinds({123456: CodeKind.ORDER_REJECTED}).row(123456)
    assert row == Code(123456, CodeKind.ORDER_REJECTED, "Kind given by the application", False, CodeSource.APPLICATION)


def test_a_kind_that_is_none_is_found_out_at_once():
    with pytest.raises(TypeError, match="the kind of code 201 is 'notice', which is not a CodeKind"):
        CODES.with_kinds({201: "notice"})


def test_a_table_is_a_value():
    same = copy.deepcopy(CODES)
    other = CODES.with_kinds({434: CodeKind.ORDER_REJECTED})
    assert same == CODES == CODES.with_kinds({434: CodeKind.NOTICE})
    assert hash(same) == hash(CODES)
    assert other != CODES
    assert len({CODES, same, other}) == 2
    assert repr(CODES) == f"<CodeTable of {len(CODES)} codes>"
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        CODES._rows = {}
    with pytest.raises(TypeError):
        CODES[434] = other[434]


@pytest.mark.parametrize(
    "text,farm",
    [
        # Recorded in real sessions.
        ("Market data farm connection is OK:usfarm", "usfarm"),
        ("Market data farm connection is OK:usfarm.nj", "usfarm.nj"),
        ("Market data farm connection is broken:eufarmnj", "eufarmnj"),
        ("Market data farm is connecting:usfarm", "usfarm"),
        ("HMDS data farm connection is broken:ushmds", "ushmds"),
        ("Sec-def data farm connection is OK:secdefnj", "secdefnj"),
        ("HMDS data farm connection is inactive but should be available upon demand.ushmds", "ushmds"),
        ("Market data farm connection is inactive but should be available upon demand.eufarm", "eufarm"),
        ("HMDS data farm connection is inactive.", None),
        # Made up: what a localised or a broken text may look like.
        ("connection is inactive but should be available upon demand.usfarm.nj", "usfarm.nj"),
        ("Marktdatenfarm verbunden: usfarm", "usfarm"),
        ("市场数据场连接正常\uff1ausfarm", "usfarm"),
        ("note: the connection is OK:usfarm.", "usfarm"),
        ("inactive but should be available upon demand.", None),
        ("connection is OK:", None),
        ("connection is OK: two words", None),
        ("version 10.37", None),
        ("", None),
        ("x" * 500 + ": usfarm . ", "usfarm"),
        ("note: available upon demand.usfarm", "usfarm"),
        ("farm:demand.usfarm", "demand.usfarm"),
        ("ondemand.usfarm", None),
        # No name has so many letters, and no text so many blanks behind it.
        (":" + "x" * 200, None),
        ("OK:usfarm" + " " * 200, None),
    ],
)
def test_the_name_of_a_farm(text, farm):
    assert farm_of(text) == farm


@pytest.mark.parametrize(
    "text,port",
    [
        ("TWS socket port has been reset and this connection is being dropped. Reconnect on the new port - 7498", 7498),
        ("Reconnect on the new port - 7498.", 7498),
        ("7498", 7498),
        ("端口7498已更改", 7498),
        ("Neuer Port: 65535", 65535),
        ("1300: new port 7498", 7498),
        ("port 7498, I repeat, 7498 it is", 7498),
        ("changed from 7496 to 7497", 7497),
        ("the port was changed", None),
        ("", None),
        ("port 0", None),
        ("port 07498", None),
        ("port 65536", None),
        ("port 123456", None),
        ("port \uff17\uff14\uff19\uff18", None),
        # Only the code itself.
        ("error 1300", None),
        # Several numbers, and nothing says which: a guess.
        ("7498 replaces 7497 now", None),
        # No number by itself: grouped digits, a version, an address, a time of day, a part of a word.
        ("port 7,498", None),
        ("port 7\xa0498", None),
        ("TWS 10.37", None),
        ("at 127.0.0.1", None),
        ("at 22:21:01", None),
        ("eth1x", None),
        # A text of a page is none of TWS.
        ("x" * 2001 + " 7498", None),
    ],
)
def test_the_new_port(text, port):
    assert port_of(text) == port


@given(before=st.text().filter(lambda text: not any(map(str.isdigit, text))), port=st.integers(1, 65535))
def test_a_port_after_any_text_is_found_and_never_made_up(before, port):
    assert port_of(f"{before} {port}") == (None if port == codes.PORT_CHANGED else port)
    assert port_of(before) is None


@given(text=st.text())
def test_any_text_can_be_read(text):
    """And what is found stands in the text."""
    farm, port = farm_of(text), port_of(text)
    assert farm is None or farm in text
    assert port is None or (str(port) in text and 1 <= port <= 65535)


@pytest.mark.parametrize("pump", ["demand.", ":", "a.", ": ", "demand.:", " ", ".", "1 ", "7498 ", "1.", "a1"])
@pytest.mark.parametrize("end", ["", "!", ":usfarm", " 7498"])
def test_any_text_is_read_in_proportion_to_its_length(pump, end):
    """A notice may have 16 MB, and its code decides that it is read."""
    assert_linear(lambda size: farm_of(pump * size + end), (pump, end), small=400)
    assert_linear(lambda size: port_of(pump * size + end), (pump, end), small=400)


def test_the_page_is_fresh(capsys):
    assert write_codes.main(["--check"]) == 0, capsys.readouterr().out


def test_a_stale_page_is_named_and_then_written(tmp_path, capsys):
    page = tmp_path / "codes.md"
    fresh = write_codes.PAGE.read_text("utf-8")
    page.write_text(fresh.replace(CODES[326].meaning, "something else"), "utf-8")
    assert write_codes.main(["--check"], page) == 1
    assert capsys.readouterr().out == "stale: codes.md\nrun: python docs/write_codes.py\n"
    assert write_codes.main([], page) == 0
    assert page.read_text("utf-8") == fresh
    assert write_codes.main(["--check"], page) == 0


def test_the_page_shows_every_code_once():
    cells = [line.split("|")[1].strip() for line in write_codes.PAGE.read_text("utf-8").splitlines() if line[:1] == "|"]
    assert sorted(int(cell) for cell in cells if cell.isdecimal()) == list(CODES)


def test_a_row_of_the_page_says_what_the_code_does_and_what_it_comes_as():
    rows = write_codes.codes([CODES[201], CODES[366], CODES[385], CODES[1100], CODES[10315]]).splitlines()[2:]
    assert "`ORDER_REJECTED`<br>documented, captured |" in rows[0]
    assert "<br>`NEW`: `DEAD`, `MODIFY`: `ASK`, `CANCEL`: `FAILED`, `IDLE`: `DEAD`<br>→ end of a new order" in rows[0]
    assert "<br>`CancelHistoricalData`: `FAILED`<br>may come as 322<br>→ ignore after cancel races |" in rows[1]
    assert rows[2].endswith("Scanner id already in use<br>comes as 322 |")
    assert "<br>a request: `ENDS`, `NEW`: `ASK`, " in rows[3]
    assert rows[4].endswith("<br>may come as 320 or 321 |")


def test_a_page_without_its_marks_is_no_page():
    with pytest.raises(ValueError, match="the page has no <!-- bands -->"):
        write_codes.written("# Codes\n")


def test_a_cell_may_hold_what_would_end_it():
    assert write_codes.row("a|b", 1) == "| a\\|b | 1 |\n"


def test_an_error_whose_text_could_not_be_read_names_nothing() -> None:
    """The fuzzer found it: an odd value is None, whatever the type of the field promises."""
    assert farm_of(None) is None
    assert port_of(None) is None
