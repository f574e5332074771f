"""Pictures: one value of many things, whole at each moment; what waits for a slow reader has the size of one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.core import Notice
from anytws.core.code_words import CodeKind
from anytws.core.remembered import MOST_BYTES, weigh
from anytws.errors import AnswerTooLarge, RequestFailed
from anytws.machines import pictures
from anytws.machines.accounts import FiguresPainter
from anytws.machines.figures import Figures
from anytws.machines.pictures import MOST_NOTICE_BYTES, MOST_NOTICES, Pictures, Rows
from anytws.machines.records import Dropped
from anytws.messages import AccountSummary, AccountSummaryEnd, AccountSummaryRequest, AccountSummaryTag, ErrorMessage

REQUEST = AccountSummaryRequest(("NetLiquidation",))
END = AccountSummaryEnd(1)


def row(account: str, text: str) -> AccountSummary:
    return AccountSummary(1, account, AccountSummaryTag.NET_LIQUIDATION, text, "USD")


def remark(code: int) -> Notice:
    return Notice(code, "so", CodeKind.NOTICE, 1, None, ErrorMessage(1, code, "so"))


def pictures_of_summary() -> Pictures[Figures]:
    return Pictures(FiguresPainter("All"), REQUEST)


def texts(figures: Figures) -> dict[str, str]:
    return {figure.account: figure.text for figure in figures}


def test_there_is_no_picture_before_all_has_been_said_once() -> None:
    mailbox = pictures_of_summary()
    mailbox.extend([row("DU1", "1"), remark(1)])
    assert not mailbox.has_items
    mailbox.extend([row("DU2", "2"), END])
    (first,) = mailbox.take()
    assert isinstance(first, Figures)
    assert texts(first) == {"DU1": "1", "DU2": "2"}
    assert first.changed == first.figures
    assert first.notices == (remark(1),)


def test_an_empty_answer_is_a_picture_too() -> None:
    mailbox = pictures_of_summary()
    mailbox.extend([END])
    assert mailbox.take() == [Figures(())]


def test_who_is_slow_finds_the_newest_and_all_that_changed() -> None:
    mailbox = pictures_of_summary()
    mailbox.extend([row("DU1", "1"), row("DU2", "2"), END])
    mailbox.take()
    mailbox.extend([row("DU1", "3")])
    mailbox.extend([row("DU2", "4"), remark(7)])
    mailbox.extend([row("DU1", "5")])
    mailbox.extend([END])
    (found,) = mailbox.take()
    assert isinstance(found, Figures)
    assert texts(found) == {"DU1": "5", "DU2": "4"}
    assert [(figure.account, figure.text) for figure in found.changed] == [("DU2", "4"), ("DU1", "5")]
    assert found.notices == (remark(7),)
    assert mailbox.statistics().received == 8
    # Nothing has come since: a second end is no news.
    mailbox.extend([END])
    assert not mailbox.has_news


def test_a_remark_alone_is_news() -> None:
    mailbox = pictures_of_summary()
    mailbox.extend([row("DU1", "1"), END])
    mailbox.take()
    mailbox.extend([remark(7)])
    (found,) = mailbox.take()
    assert isinstance(found, Figures)
    assert (found.changed, found.notices, texts(found)) == ((), (remark(7),), {"DU1": "1"})


def test_remarks_are_bounded_and_say_how_many_are_gone() -> None:
    mailbox = pictures_of_summary()
    mailbox.extend([END])
    mailbox.take()
    for number in range(MOST_NOTICES + 5):
        mailbox.extend([remark(number)])
    (found,) = mailbox.take()
    assert isinstance(found, Figures)
    assert found.notices[0] == Dropped(5)
    assert found.notices[1:] == tuple(remark(number) for number in range(5, MOST_NOTICES + 5))


def test_remarks_are_bounded_in_bytes_too() -> None:
    mailbox = pictures_of_summary()
    mailbox.extend([END])
    mailbox.take()
    large = Notice(1, "x" * 2**19, CodeKind.NOTICE, 1, None, ErrorMessage(1, 1, ""))
    for _ in range(10):
        mailbox.extend([large])
    assert mailbox.statistics().waiting_bytes < 2 * MOST_NOTICE_BYTES
    (found,) = mailbox.take()
    assert isinstance(found, Figures)
    assert found.notices == (Dropped(9), large)


def test_the_end_comes_behind_the_last_picture() -> None:
    mailbox = pictures_of_summary()
    mailbox.extend([row("DU1", "1"), END])
    mailbox.finish(RequestFailed(1100, "lost", REQUEST))
    mailbox.extend([row("DU1", "2")])
    assert [texts(found) for found in mailbox.take() if isinstance(found, Figures)] == [{"DU1": "1"}]
    with pytest.raises(RequestFailed):
        mailbox.take()


@pytest.mark.parametrize("bound", ["rows", "bytes"])
def test_what_has_no_end_is_given_up(bound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A TWS that says ever more accounts, or ever longer texts, does not fill the memory."""
    monkeypatch.setattr(pictures, "MOST_ROWS" if bound == "rows" else "MOST_BYTES", 20 if bound == "rows" else 20_000)
    mailbox = pictures_of_summary()
    for number in range(100):
        mailbox.extend([row(f"DU{number}", "1" if bound == "rows" else "1" * 1_000)])
    assert mailbox.is_finished
    with pytest.raises(AnswerTooLarge) as caught:
        mailbox.take()
    assert caught.value.request == REQUEST
    assert 5 <= caught.value.count <= 30
    assert mailbox.statistics().waiting == 0


def test_a_reader_that_never_reads_costs_one_picture() -> None:
    mailbox = pictures_of_summary()
    mailbox.extend([row("DU1", "1"), END])
    weight = mailbox.statistics().waiting_bytes
    for number in range(10_000):
        mailbox.extend([row("DU1", str(number))])
    statistics = mailbox.statistics()
    assert statistics.waiting == 1
    assert statistics.waiting_bytes <= 2 * weight
    assert statistics.capacity_bytes == MOST_BYTES
    assert not mailbox.is_pressed


words = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 3)), max_size=30)


@given(st.lists(st.one_of(words, st.just("look")), max_size=20))
def test_rows_hold_the_last_word_and_know_their_weight(steps: list[Any]) -> None:
    """Against a plain model: what is there, what changed since somebody looked, and what it weighs."""
    rows: Rows[int] = Rows(int, lambda number: number == 0)
    there: dict[str, int] = {}
    changed: dict[str, int] = {}
    for step in steps:
        if step == "look":
            rows.forget_changes()
            changed.clear()
            continue
        for subject, number in step:
            rows.put(subject, number)
        # What is put together is believed together: of each subject its last word.
        for subject, number in dict(step).items():
            changed[subject] = number
            there[subject] = number
            if not number:
                del there[subject]
        rows.settle()
    assert sorted(rows.rows) == sorted(there.values())
    assert sorted(rows.changed) == sorted(changed.values())
    assert rows.weight == weigh(1) * (len(there) + len(changed))
