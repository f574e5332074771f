"""Hosts and ports as people write them on a command line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.cli.output import address
from anytws.cli.places import MOST_PLACES, Place, read_places

USUAL = (7497, 4002)
HERE = "127.0.0.1"

READ = {
    "": [(HERE, 7497), (HERE, 4002)],
    "7496": [(HERE, 7496)],
    "7496 7497": [(HERE, 7496), (HERE, 7497)],
    "7496,7497": [(HERE, 7496), (HERE, 7497)],
    "7496, 7497": [(HERE, 7496), (HERE, 7497)],
    "007496": None,
    "07496": [(HERE, 7496)],
    "tws.lan": [("tws.lan", 7497), ("tws.lan", 4002)],
    "tws.lan 7496": [("tws.lan", 7496)],
    "tws.lan 7496 7497": [("tws.lan", 7496), ("tws.lan", 7497)],
    "tws.lan:7496": [("tws.lan", 7496)],
    "tws.lan:7496 7497": [("tws.lan", 7496), ("tws.lan", 7497)],
    ":7496": [(HERE, 7496)],
    "192.0.2.10:4001": [("192.0.2.10", 4001)],
    "a:1 b:2 3": [("a", 1), ("b", 2), ("b", 3)],
    "a b": [("a", 7497), ("a", 4002), ("b", 7497), ("b", 4002)],
    "7496 a": [(HERE, 7496), ("a", 7497), ("a", 4002)],
    "7496 7496": [(HERE, 7496)],
    "[::1]": [("::1", 7497), ("::1", 4002)],
    "[::1]:7497": [("::1", 7497)],
    "::1": [("::1", 7497), ("::1", 4002)],
    "::1 7496": [("::1", 7496)],
    "fe80::1%eth0": [("fe80::1%eth0", 7497), ("fe80::1%eth0", 4002)],
    "[fe80::1%eth0]:4001": [("fe80::1%eth0", 4001)],
    "::ffff:192.0.2.1": [("::ffff:192.0.2.1", 7497), ("::ffff:192.0.2.1", 4002)],
    "0": None,
    "65536": None,
    "99999999999": None,
    "tws:": None,
    "tws:x": None,
    "tws:0": None,
    "tws:70000": None,
    "tws:-1": None,
    "-tws": None,
    "[::1": None,
    "[]": None,
    "[tws]:7497": None,
    "[::1]7497": None,
    "::1:7497x": None,
    "a:b:c": None,
    "http://tws:7497": None,
    "tws/7497": None,
    "0x1d49": None,
    "x" * 254: None,
    "tws\0": None,
}
"""What is typed, and the places that it is; None where it is none."""


@pytest.mark.parametrize("typed, wanted", READ.items(), ids=lambda value: str(value)[:30] or "nothing")
def test_what_people_write(typed: str, wanted: list[tuple[str, int]] | None) -> None:
    words = typed.split(" ") if typed else []
    if wanted is None:
        reasons = r"no port|no IPv6 address|web address|is not the name|is a number"
        with pytest.raises(ValueError, match=reasons) as caught:
            read_places(words, USUAL)
        assert len(str(caught.value)) < 300
    else:
        assert list(read_places(words, USUAL)) == [Place(*place) for place in wanted]


def test_too_many_are_refused() -> None:
    """They are looked at all at once."""
    assert len(read_places(map(str, range(1, MOST_PLACES + 1)), USUAL)) == MOST_PLACES
    with pytest.raises(ValueError, match="too many"):
        read_places(map(str, range(1, MOST_PLACES + 2)), USUAL)


HOSTS = st.sampled_from([HERE, "localhost", "tws.lan", "::1", "2001:db8::7497", "fe80::1%eth0"])


@given(HOSTS, st.integers(1, 65535))
def test_what_is_shown_can_be_typed(host: str, port: int) -> None:
    """The address as it is shown, and host and port apart as in a suggested command."""
    assert read_places([address(host, port)], USUAL) == read_places([host, str(port)], USUAL) == (Place(host, port),)


@given(st.integers(0, 10**12).map(str))
def test_a_number_is_never_an_address(digits: str) -> None:
    """To the system 7497 is 0.0.29.73 as well."""
    try:
        (place,) = read_places([digits], USUAL)
    except ValueError:
        assert not 1 <= int(digits) <= 65535
    else:
        assert place == Place(HERE, int(digits))


@given(st.lists(st.text(max_size=20), max_size=5))
def test_whatever_is_typed_is_read_or_refused(words: list[str]) -> None:
    try:
        places = read_places(words, USUAL)
    except ValueError as problem:
        assert str(problem).isprintable()
    else:
        assert all(1 <= place.port <= 65535 and place.host for place in places)
