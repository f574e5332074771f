"""The numbered acceptance suite: ours passes it, whoever makes up answers does not, and its format holds."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import anyio
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from anytws.messages.contract import Action, Contract
from anytws.messages.executions import Execution, ExecutionDetails, ExecutionSide
from anytws.messages.order import Order
from anytws.messages.order_state import OrderState
from anytws.messages.order_words import OrderStatusWord, OrderType
from anytws.messages.orders import OpenOrder, OrderStatus
from anytws.messages.session import ErrorMessage
from anytws.simulator.exchange.models import Progress
from anytws.testing import acceptance
from anytws.testing.acceptance import __main__ as command
from anytws.testing.acceptance.belief import Belief
from anytws.testing.acceptance.client import Adapter, Answer, Believed, NotOffered, Peer, Wanted, Watched
from anytws.testing.acceptance.ib_async_client import IbAsyncClient
from anytws.testing.acceptance.ibapi_client import IbapiClient
from anytws.testing.acceptance.play import Verdict, play, wanted
from anytws.testing.acceptance.scoreboard import Score, line_of, run, scoreboard
from anytws.testing.acceptance.situation import FOLDER, read_situation, situations

GOOD: Final = """A999 Somebody asks
source a report
set seed = 7
fault at = 3, do = "commission_never"

# What is done.
client connects
wait 2
right client is connected
"""


@pytest.mark.parametrize("version", [176, 226], ids=["text", "protobuf"])
@pytest.mark.parametrize("situation", situations(), ids=lambda situation: situation.number)
def test_ours_is_right(situation: acceptance.Situation, version: int) -> None:
    verdict = command.in_no_time(situation, version)
    assert line_of(verdict) == f"{situation.number}  passed      {situation.title}"


# --- who makes up answers ---------------------------------------------------------------------------------------------


class Liar:
    """A client that never listens, and always says the same."""

    connected, answer, believed, stream = True, Answer("answered"), Believed("open", 0), Watched(1)

    def __init__(self, _: Peer) -> None:
        pass

    async def connect(self) -> None:
        if not self.connected:
            raise ConnectionError("so it says")

    async def disconnect(self) -> None:
        pass

    async def close(self) -> None:
        pass

    def is_connected(self) -> bool:
        return self.connected

    async def ask(self, what: str, symbol: str) -> Answer:
        return self.answer

    async def watch(self, what: str, symbol: str) -> None:
        pass

    def watched(self, what: str) -> Watched:
        return self.stream

    async def place(self, order: Wanted) -> None:
        pass

    async def change(self, reference: str, price: float) -> None:
        pass

    async def cancel(self, reference: str) -> None:
        pass

    async def cancel_all(self) -> None:
        pass

    def order(self, reference: str) -> Believed:
        return self.believed


class Pessimist(Liar):
    connected, answer, believed = False, Answer("timed-out"), Believed("unknown", 0)


class Gone(Liar):
    connected, answer, stream = False, Answer("closed"), Watched(1, "closed")


def played_by(adapter: Adapter, situation: acceptance.Situation) -> Verdict:
    async def playing() -> Verdict:
        return await play(situation, adapter)

    return trio.run(playing, clock=MockClock(autojump_threshold=0))


def test_no_situation_is_passed_by_everybody_who_never_listens() -> None:
    """One that all of these pass would test nothing. Hands on orders that TWS never got have nothing to hold."""
    for situation in situations():
        outcomes = []
        for liar in (Liar, Pessimist, Gone):
            try:
                outcomes.append(played_by(liar, situation).outcome)
            except (ValueError, ExceptionGroup):
                outcomes.append("failed")
        assert "failed" in outcomes, situation.number


def test_what_is_not_offered_counts_neither_way() -> None:
    class Quiet(Liar):
        def order(self, reference: str) -> Believed:
            raise NotOffered("no word for it")

        async def watch(self, what: str, symbol: str) -> None:
            raise NotOffered("no streams")

    (streams,) = (each for each in situations() if each.number == "A301")
    verdict = played_by(Quiet, streams)
    assert (verdict.outcome, verdict.wrong) == ("not offered", ())
    assert "no streams" in verdict.missing[0]


def test_a_client_that_raises_has_failed() -> None:
    class Broken(Liar):
        async def watch(self, what: str, symbol: str) -> None:
            raise KeyError("oops")

        async def ask(self, what: str, symbol: str) -> Answer:
            raise KeyError("oops")

    for number in ("A301", "A202"):
        (situation,) = (each for each in situations() if each.number == number)
        verdict = played_by(Broken, situation)
        assert verdict.outcome == "failed"
        assert "the client raised KeyError: 'oops'" in verdict.wrong[0]


def test_a_client_that_says_nothing_has_hung() -> None:
    class Silent(Liar):
        async def ask(self, what: str, symbol: str) -> Answer:
            await anyio.sleep_forever()
            raise AssertionError

        async def connect(self) -> None:
            await anyio.sleep_forever()

    (situation,) = (each for each in situations() if each.number == "A201")
    assert "it is hung" in played_by(Silent, situation).wrong[0]
    (situation,) = (each for each in situations() if each.number == "A103")
    assert "it is hung" in played_by(Silent, situation).wrong[0]


# --- the format -------------------------------------------------------------------------------------------------------


def test_a_situation_is_what_its_lines_say() -> None:
    read = read_situation(GOOD)
    assert (read.number, read.title, read.sources) == ("A999", "Somebody asks", ("a report",))
    assert [str(line) for line in read.lines] == [
        "line 7: client connects",
        "line 8: wait 2",
        "line 9: right client is connected",
    ]
    assert (read.case.settings.seed, read.case.settings.progress) == (7, Progress.BY_HAND)
    assert len(read.case.script.events) == 1


@pytest.mark.parametrize(
    "text, told",
    [
        ("", "line 1 is ''"),
        ("A1 too short", "line 1"),
        (GOOD.replace("wait 2", "sleeps 2"), "line 8 is 'sleeps 2'"),
        (GOOD.replace("wait 2", "wait"), "line 8 is 'wait'"),
        (GOOD.replace("source a report\n", ""), "no source"),
        (GOOD.replace("right client is connected", ""), "nothing that has to be right"),
        (GOOD.replace("seed", "sead"), "sead"),
        (GOOD.replace("commission_never", "commission_often"), "commission_often"),
    ],
)
def test_what_is_no_situation_is_told(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_situation(text)


@pytest.mark.parametrize(
    "line",
    ["client dances", "client asks details\nright answer sings", "tws dances", "right a b c d", "wait long",
     "client places a BUY", "client asks details\nright answer is many rows", "right quotes are good", "tws fills z"],
)  # fmt: skip
def test_a_line_that_means_nothing_is_told_when_it_is_played(line: str) -> None:
    situation = read_situation(GOOD.replace("wait 2", line))
    with pytest.raises((ValueError, ExceptionGroup)) as raised:
        played_by(Liar, situation)
    problem: BaseException = raised.value
    while isinstance(problem, BaseExceptionGroup):
        (problem,) = problem.exceptions
    assert str(problem).startswith("A999, line ")


def test_numbers_are_those_of_the_files_and_each_is_told_once() -> None:
    numbers = [situation.number for situation in situations()]
    assert numbers == sorted(path.stem for path in FOLDER.iterdir())
    assert len({situation.title for situation in situations()}) == len(numbers)
    assert len(numbers) >= 40


def test_an_order_in_words() -> None:
    assert wanted(["a", "BUY", "100", "AAPL", "LMT", "@300.5", "held", "child-of", "p"]) == Wanted(
        reference="a", action="BUY", quantity=100, symbol="AAPL", kind="LMT", price=300.5, transmit=False, parent="p"
    )
    assert wanted(["a", "SELL", "1", "SPY", "MKT"]).price is None


# --- the scoreboard ---------------------------------------------------------------------------------------------------


def test_a_scoreboard() -> None:
    situation = read_situation(GOOD)
    scores = [
        Score("one", (Verdict(situation, (), ()),)),
        Score("other", (Verdict(situation, ("line 9: no",), ()),)),
        Score("third", (Verdict(situation, (), ("no way",)),)),
    ]
    table = scoreboard(scores).splitlines()
    assert table[0].split() == ["one", "other", "third"]
    assert table[1].split() == ["A999", "Somebody", "asks", "passed", "failed", "not", "offered"]
    assert [line.split()[-3:] for line in table[2:]] == [["1", "0", "0"], ["0", "1", "0"], ["0", "0", "1"]]
    assert line_of(scores[1].verdicts[0]).splitlines()[1].strip() == "line 9: no"


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--client", "anytws", "A101", "A201"]) == 0
    told = capsys.readouterr().out
    assert "A101  passed      A session that is in order" in told
    assert "A301" not in told


# --- other people's clients -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize(
    "adapter, expected",
    [
        (IbAsyncClient, {"A101": "passed", "A202": "passed", "A301": "passed", "A401": "passed", "A102": "passed"}),
        (IbapiClient, {"A101": "passed", "A201": "passed", "A308": "passed", "A401": "not offered", "A102": "passed"}),
    ],
)
async def test_they_take_part_by_their_adapters(adapter: Adapter, expected: dict[str, str]) -> None:
    among = [each for each in situations() if each.number in expected]
    score = await run("somebody", adapter, tcp=True, speed=20.0, among=among)
    told = {verdict.situation.number: (verdict.outcome, verdict.wrong) for verdict in score.verdicts}
    assert {number: outcome for number, (outcome, _) in told.items()} == expected, told


# --- the belief -------------------------------------------------------------------------------------------------------


def status(word: OrderStatusWord, filled: int) -> OrderStatus:
    return OrderStatus(1, word, Decimal(filled), Decimal(100 - filled), 300.0, 7, 0, 300.0, 1)


def execution(number: str, shares: int, cumulative: int) -> ExecutionDetails:
    return ExecutionDetails(
        None,
        Contract(symbol="AAPL"),
        Execution(
            number,
            ExecutionSide.BOUGHT,
            1,
            shares=Decimal(shares),
            cumulative_quantity=Decimal(cumulative),
            price=300.0,
        ),
    )


PARTLY: Final[list[Any]] = [
    status(OrderStatusWord.SUBMITTED, 0),
    execution("00.aa.01.01", 40, 40),
    status(OrderStatusWord.SUBMITTED, 40),
    execution("00.ab.01.01", 20, 60),
    status(OrderStatusWord.SUBMITTED, 60),
]
REST: Final = {
    "open": ([], 60),
    "filled": ([execution("00.ac.01.01", 40, 100)], 100),
    "cancelled": ([status(OrderStatusWord.CANCELLED, 60), ErrorMessage(1, 202, "Order Canceled - reason:")], 60),
}


@pytest.mark.parametrize("outcome", REST)
@given(st.data())
def test_a_belief_is_the_same_in_any_order_and_with_repeats(outcome: str, data: st.DataObject) -> None:
    rest, filled = REST[outcome]
    heard = data.draw(st.permutations([*PARTLY, *rest]))
    again = data.draw(st.lists(st.sampled_from([*PARTLY, *rest]), max_size=5))
    belief = Belief(100)
    for message in [*heard, *again]:
        belief.hear(message)
    assert belief.believed == Believed(outcome, filled)


def test_a_belief_without_a_word_is_unknown_and_one_without_news_becomes_it() -> None:
    belief = Belief(100)
    assert belief.believed == Believed("unknown", 0)
    belief.hear(status(OrderStatusWord.SUBMITTED, 0))
    assert belief.believed.outcome == "open"
    belief.note_end()
    assert belief.believed.outcome == "unknown"


def test_what_is_refused_after_a_change_may_be_the_change() -> None:
    belief = Belief(100)
    belief.hear(status(OrderStatusWord.SUBMITTED, 0))
    belief.note_request()
    belief.hear(ErrorMessage(1, 110, "The price does not conform"))
    assert belief.believed.outcome == "open"
    other = Belief(100)
    other.hear(ErrorMessage(1, 110, "The price does not conform"))
    assert other.believed.outcome == "rejected"


TRACES: Final = sorted((Path(__file__).parent / "data" / "traces").glob("*.jsonl"))


def heard_in(fields: dict[str, Any], message: str) -> Any:
    """Give what of a recorded message a belief takes in; None: it takes no such message."""
    match message:
        case "OrderStatus":
            filled = Decimal(fields.get("filled", 0))
            return OrderStatus(fields["order_id"], fields["status"], filled, None, None, 0, 0, None, 0)
        case "OpenOrder" if fields.get("order_state", {}).get("status"):
            state = OrderState(status=fields["order_state"]["status"])
            return OpenOrder(fields["order_id"], Contract(), Order(Action.BUY, OrderType.LIMIT, Decimal(1)), state)
        case "ExecutionDetails":
            told = fields["execution"]
            return execution(
                told["execution_id"], int(float(told["shares"])), int(float(told.get("cumulative_quantity", 0)))
            )
        case "ErrorMessage":
            return ErrorMessage(fields.get("request_id"), fields["error_code"], "")
        case _:
            return None


def beliefs_of(lines: list[dict[str, Any]]) -> dict[str, Belief]:
    """Give what is believed of the orders that were placed in a trace, by their ids."""
    beliefs: dict[str, Belief] = {}
    held: set[str] = set()
    for line in lines:
        message, fields = line.get("message", ""), line.get("fields", {})
        number = str(fields.get("order_id", fields.get("execution", {}).get("order_id", fields.get("request_id"))))
        if line.get("dir") == "out":
            touched = beliefs if message == "GlobalCancelRequest" else {number: beliefs.get(number)}
            for belief in touched.values():
                if belief is not None and number not in held:
                    belief.note_request()
            held.discard(number)
            if message == "PlaceOrderRequest" and number not in beliefs:
                beliefs[number] = Belief(int(float(fields["order"].get("total_quantity", 1))))
                if fields["order"].get("transmit") is False:
                    held.add(number)
        elif number in beliefs and (heard := heard_in(fields, message)) is not None:
            beliefs[number].hear(heard)
    return beliefs


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
def test_what_is_believed_of_recorded_orders_is_what_a_sound_client_believes(path: Path) -> None:
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    final = lines[-1]["orders"]
    for number, belief in beliefs_of(lines).items():
        wanted_outcome = final.get(number, {}).get("outcome")
        if wanted_outcome not in {None, "what_if"}:
            assert (number, belief.believed.outcome) == (number, wanted_outcome)
