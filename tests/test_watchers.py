"""The one idiom of the simulator for hearing that there is something to do."""

from __future__ import annotations

from anytws.simulator.watchers import Watchers


def test_all_are_called_in_order_until_they_stop() -> None:
    watchers, calls = Watchers(), list[str]()
    stop_first = watchers.add(lambda: calls.append("first"))
    stop_second = watchers.add(lambda: calls.append("second"))
    watchers.call()
    stop_first()
    watchers.call()
    stop_second()
    watchers.call()
    assert calls == ["first", "second", "second"]
    assert len(watchers) == 0


def test_one_that_is_there_twice_stops_once() -> None:
    watchers, calls = Watchers(), list[int]()

    def note() -> None:
        calls.append(1)

    stop, _ = watchers.add(note), watchers.add(note)
    stop()
    stop()
    watchers.call()
    assert (calls, len(watchers)) == ([1], 1)


def test_one_may_stop_while_it_is_called() -> None:
    watchers, calls = Watchers(), list[int]()

    def once() -> None:
        calls.append(1)
        stop()

    stop = watchers.add(once)
    watchers.add(lambda: calls.append(2))
    watchers.call()
    watchers.call()
    assert calls == [1, 2, 2]
