"""What can be chosen about a handshake: every value is one that makes a handshake, or is refused at the call."""

from __future__ import annotations

import math
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.core.options import HandshakeOptions, check_client_id
from anytws.errors import INVALID_SYMBOL, LocalProtocolError
from anytws.wire.versions import MAX_VERSION, MIN_VERSION

FIELDS = attrs.fields(HandshakeOptions)
TIMES = [field.name for field in FIELDS if "float" in str(field.type)]
ALWAYS_END = ["accounts_grace", "refusal_grace", "stranger_grace"]
MOST = 2**31 - 2


def test_every_time_is_tried_below() -> None:
    assert len(TIMES) == 6
    assert {*ALWAYS_END} < {*TIMES}


@given(
    versions=st.tuples(st.integers(MIN_VERSION, MAX_VERSION), st.integers(MIN_VERSION, MAX_VERSION)).map(sorted),
    client_id=st.integers(0, MOST),
    times=st.fixed_dictionaries({}, optional={name: st.floats(0, allow_nan=False) for name in TIMES}),
    words=st.text(st.characters(min_codepoint=32, max_codepoint=126)),
    by_hand=st.booleans(),
)
def test_what_makes_a_handshake_is_taken_as_it_is(
    versions: list[int], client_id: int, times: dict[str, float], words: str, by_hand: bool
) -> None:
    chosen: dict[str, Any] = {
        "client_id": client_id,
        "minimum_version": versions[0],
        "maximum_version": versions[1],
        "connect_options": words,
        "optional_capabilities": words,
        "start_api_by_hand": by_hand,
        **times,
    }
    options = HandshakeOptions(**chosen)
    assert {name: getattr(options, name) for name in chosen} == chosen
    assert options == eval(repr(options), {"HandshakeOptions": HandshakeOptions, "inf": math.inf})  # noqa: S307


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize("value", [-0.1, -math.inf, math.nan, 10**400])
def test_a_time_that_is_none_is_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} is .* at least zero"):
        HandshakeOptions(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize("value", ["1", True, b"", [1]])
def test_a_time_of_another_type_is_refused(name: str, value: Any) -> None:
    with pytest.raises(TypeError, match=f"{name} is .* a number of seconds"):
        HandshakeOptions(**{name: value})


@pytest.mark.parametrize("name", TIMES)
def test_only_what_ends_the_waiting_by_itself_needs_a_number(name: str) -> None:
    """None waits for ever, where something else ends it."""
    if name in ALWAYS_END:
        with pytest.raises(ValueError, match=f"{name} is None"):
            HandshakeOptions(**{name: None})  # type: ignore[arg-type]
    else:
        assert getattr(HandshakeOptions(**{name: None}), name) is None  # type: ignore[arg-type]


@given(lowest=st.integers(0, 400), highest=st.integers(0, 400))
def test_versions_are_a_range_that_this_library_speaks(lowest: int, highest: int) -> None:
    if MIN_VERSION <= lowest <= highest <= MAX_VERSION:
        HandshakeOptions(minimum_version=lowest, maximum_version=highest)
    else:
        with pytest.raises(ValueError, match="are not a range within"):
            HandshakeOptions(minimum_version=lowest, maximum_version=highest)


@pytest.mark.parametrize("name", ["minimum_version", "maximum_version", "client_id"])
@pytest.mark.parametrize("value", ["176", 176.0, None, True])
def test_a_number_of_another_type_is_refused(name: str, value: Any) -> None:
    with pytest.raises(TypeError, match=f"{name} is .* a whole number"):
        HandshakeOptions(**{name: value})


@given(st.integers())
def test_a_client_id_is_one_that_tws_gives(value: int) -> None:
    """2147483647 is the vendor's way to write that there is none."""
    if 0 <= value <= MOST:
        check_client_id("client_id", value)
    else:
        with pytest.raises(ValueError, match=f"from 0 to {MOST}"):
            HandshakeOptions(client_id=value)


@pytest.mark.parametrize("value", [0, 1, None, "yes"])
def test_by_hand_is_yes_or_no(value: Any) -> None:
    with pytest.raises(TypeError, match="start_api_by_hand"):
        HandshakeOptions(start_api_by_hand=value)


@pytest.mark.parametrize("name", ["connect_options", "optional_capabilities"])
def test_a_text_is_one_that_the_wire_takes(name: str) -> None:
    with pytest.raises(TypeError, match=f"{name} is 7"):
        HandshakeOptions(**{name: 7})  # type: ignore[arg-type]
    for text in ("a\0b", "\x7f", "é", "\udc80"):
        with pytest.raises(LocalProtocolError, match=name) as caught:
            HandshakeOptions(**{name: text})  # type: ignore[arg-type]
        assert caught.value.code == INVALID_SYMBOL
