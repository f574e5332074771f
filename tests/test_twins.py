"""Objects that are made in another way, and are not to be told from those that are made in the usual one."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal
from typing import Any

import attrs
import pytest

from anytws.messages.base import record
from anytws.messages.historical import HistoricalData
from anytws.testing.strategies import Encoding
from anytws.wire.catalogue import BY_CLASS
from anytws.wire.compiled.bet import CannotCompile
from anytws.wire.compiled.twins import twin_of
from tests.compiled_readers import reads


@record
class Pair:
    """A record like any other."""

    one: int
    other: str = ""


def test_objects_are_those_of_the_real_class() -> None:
    body = b"1\0\0\x001\x0020240131 10:30:00 US/Eastern\x001.5\x002\x001\x001.25\x00100\x001.5\x007\0"
    decoder, fallen = reads(BY_CLASS[HistoricalData], 176, Encoding.TEXT)
    message = decoder(body)
    (bar,) = message.bars
    assert not fallen
    assert bar.volume == Decimal(100)
    for each in (message, bar):
        usual = type(each)(**{field.name: getattr(each, field.name) for field in attrs.fields(type(each))})
        assert type(each) is type(usual)
        assert each == usual
        assert hash(each) == hash(usual)
        assert repr(each) == repr(usual)
        assert pickle.loads(pickle.dumps(each)) == usual  # noqa: S301 (our own bytes)
        assert copy.deepcopy(each) == usual
        assert attrs.evolve(each) == usual
        assert not hasattr(each, "__dict__")
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(each, attrs.fields(type(each))[0].name, 1)


def test_a_twin_begins_empty_and_becomes_one_of_the_class() -> None:
    pair: Any = twin_of(Pair)()
    pair.one = 1
    pair.__class__ = Pair
    assert type(pair) is Pair
    assert pair.one == 1
    with pytest.raises(AttributeError, match="other"):
        _ = pair.other
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        pair.other = "x"


def test_there_is_one_twin_of_a_class() -> None:
    assert twin_of(Pair) is twin_of(Pair)
    assert twin_of(Pair) is not twin_of(HistoricalData)


@attrs.frozen
class Checked:
    """Would be made without being looked at."""

    one: int = attrs.field(validator=attrs.validators.gt(0))


@attrs.frozen
class Converted:
    one: int = attrs.field(converter=int)


@attrs.frozen
class Counted:
    one: int = attrs.field(init=False, default=1)


@attrs.frozen
class Finished:
    one: int

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "one", 2)


@pytest.mark.parametrize("cls", [Checked, Converted, Counted, Finished])
def test_a_class_that_does_more_when_an_object_is_made_has_none(cls: type[Any]) -> None:
    with pytest.raises(CannotCompile):
        twin_of(cls)
