"""The code table: what is in it, what it says of codes that are not, and what can be read from two texts."""

from __future__ import annotations

import copy

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws import errors
from anytws.core import codes
from anytws.core.codes import BANDS, CODES, Code, CodeKind, CodeSource, CodeTable, farm_of, port_of
from docs import write_codes
from tests.growth import assert_linear

KINDS = st.sampled_from(CodeKind)
NUMBERS = st.one_of(st.sampled_from(sorted(CODES)), st.integers())
KNOWN = frozenset(CODES)


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
        (CodeKind.FATAL, {100, 326, 357, 1300}),
        (CodeKind.FARM, {2103, 2104, 2105, 2106, 2107, 2108, 2119, 2157, 2158, 2159}),
        (CodeKind.LINK, {1100, 1101, 1102, 2110, 10038}),
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
        (202, CodeKind.ORDER_REJECTED),
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
        (10089, CodeKind.NOTICE),
        (10090, CodeKind.NOTICE),
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
    made_here = {value for name, value in vars(errors).items() if name.isupper() and name[0] != "_"}
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
        (1103, CodeKind.LINK),
        (1302, CodeKind.LINK),
        (1399, CodeKind.LINK),
        (1400, CodeKind.NOTICE),
        (2099, CodeKind.NOTICE),
        (2199, CodeKind.NOTICE),
        # Recorded with ids of orders, and not in the table: never the end of an order by themselves.
        (10063, CodeKind.NOTICE),
        (10318, CodeKind.NOTICE),
        (499, CodeKind.NOTICE),
        (599, CodeKind.NOTICE),
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


def test_with_kinds_gives_an_unknown_code_a_row_of_the_application():
    row = CODES.with_kinds({10318: CodeKind.ORDER_REJECTED}).row(10318)
    assert row == Code(10318, CodeKind.ORDER_REJECTED, "Kind given by the application", False, CodeSource.APPLICATION)


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


def test_a_page_without_its_marks_is_no_page():
    with pytest.raises(ValueError, match="the page has no <!-- bands -->"):
        write_codes.written("# Codes\n")


def test_a_cell_may_hold_what_would_end_it():
    assert write_codes.row("a|b", 1) == "| a\\|b | 1 |\n"
