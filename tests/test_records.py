"""What a stream has to say besides data: values, like messages."""

from __future__ import annotations

import pickle

import pytest
from attrs.exceptions import FrozenInstanceError

from anytws.machines import records
from anytws.machines.records import Dropped, Reset
from anytws.messages import ErrorMessage

MESSAGE = ErrorMessage(7, 317, "reset")


def test_they_are_values() -> None:
    assert Dropped(3) == Dropped(3) != Dropped(4)
    assert Reset(MESSAGE) == Reset(MESSAGE)
    assert len({Dropped(3), Dropped(3), Reset(MESSAGE)}) == 2
    with pytest.raises(FrozenInstanceError):
        Dropped(3).count = 4  # type: ignore[misc]


def test_they_are_told_as_one_would_write_them() -> None:
    assert repr(Dropped(3)) == "Dropped(count=3)"
    assert "317" in repr(Reset(MESSAGE))


def test_they_may_be_kept_elsewhere() -> None:
    for item in (Dropped(3), Reset(MESSAGE)):
        assert pickle.loads(pickle.dumps(item)) == item  # noqa: S301


def test_each_says_what_it_is() -> None:
    assert all(cls.__doc__ for cls in (records.Dropped, records.Reset))
