"""What a peer says neither tells secrets nor does anything: not in the words of an error, not in what ``check`` prints.

About every error of the package and every line of a report, and not about those that somebody thought of.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import pkgutil
import shlex
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import anytws
from anytws import (
    CloseReason,
    ConnectError,
    ConnectionClosed,
    RequestTimedOut,
    SlowConsumer,
    Stage,
    State,
    StillWaiting,
    cli,
    errors,
)
from anytws.cli.finding import FARM_CODES, Finding, Hearsay, Portrait
from anytws.cli.places import Place
from anytws.cli.report import Report
from anytws.client.order_picture import PartialOrderPicture
from anytws.client.trade import Trade
from anytws.core import Connection, Side, closing
from anytws.core.codes import CLIENT_ID_IN_USE, CODES, PORT_CHANGED, RATE_EXCEEDED
from anytws.core.events import MOST_OF_A_DETAIL, UndecodableFrame
from anytws.core.session_facts import SessionFacts
from anytws.errors import AnytwsError, DecodeError, LocalProtocolError, RemoteProtocolError, in_a_sentence, shown
from anytws.machines.gate_belief import Reason
from anytws.machines.order import OrderLife
from anytws.machines.order_state import Owner
from anytws.machines.presence import Presence, PresenceState
from anytws.machines.reconcile import Missing
from anytws.messages import ErrorMessage
from anytws.messages.config import UpdateConfigResponse, UpdateConfigWarning
from anytws.messages.connection_time import ConnectionTime
from anytws.runtime import connect_errors
from anytws.wire import handshake
from anytws.wire.codec import Codec
from anytws.wire.frames import frame
from anytws.wire.handshake import RedirectReply, VersionReply
from tests.test_cli import spoken
from tests.test_closing import seen

# --- errors ------------------------------------------------------------------------------------------------------

MOST = 2000
"""Characters of an error."""
HOSTILE = ("\x1b[2J\r\n\0\u2028\u202e\ud800\udcff\U000e0001pwned'\"\\" * 1000)[: 16 * 1024]
HOSTILE_BYTES = HOSTILE.encode("utf-8", "surrogatepass").replace(b"\0", b"\x07")
HOSTILE_ERROR = ErrorMessage(None, 200, HOSTILE, HOSTILE)


def _closed(**more: Any) -> ConnectionClosed:
    return ConnectionClosed(
        CloseReason.EOF, State.READY, HOSTILE, HOSTILE, 200, HOSTILE_ERROR, redirect=(HOSTILE, 1), **more
    )


def _connect_errors() -> Iterator[AnytwsError]:
    for kind in [ConnectError, *ConnectError.__subclasses__()]:
        yield kind(Stage.START, _closed(), HOSTILE, (HOSTILE,))


def _raised(call: Callable[..., object], *arguments: object) -> Iterator[AnytwsError]:
    with contextlib.suppress(RecursionError):
        try:
            call(*arguments)
        except AnytwsError as problem:
            yield problem


def _protocol_errors() -> Iterator[AnytwsError]:
    """Give those that are raised with a sentence, by what raises them."""
    client, old = Codec(Side.CLIENT, 226), Codec(Side.CLIENT, 176)
    yield from _raised(handshake.read_greeting, HOSTILE_BYTES)
    for address in (HOSTILE_BYTES, HOSTILE_BYTES[:200], HOSTILE_BYTES[:40], b"gw:" + HOSTILE_BYTES[:40]):
        yield from _raised(handshake.read_reply, b"-1\0" + address + b"\0")
    yield from _raised(handshake.write_redirect, RedirectReply(HOSTILE, 1))
    yield from _raised(handshake.write_redirect, RedirectReply("gw", 10**5000))
    yield from _raised(handshake.write_version_reply, VersionReply(176, HOSTILE_BYTES + b"\0"))
    yield from _raised(old.decode, HOSTILE_BYTES)
    yield from _raised(old.decode, b"9\x001\0" + HOSTILE_BYTES + b"\0")
    yield from _raised(old.decode, b"4\x002\0" + HOSTILE_BYTES + b"\0")
    yield from _raised(client.decode, HOSTILE_BYTES)
    yield from _raised(client.decode, b"\0\0\0\xd1" + HOSTILE_BYTES)
    yield from _raised(client.decode, b"\0\0\0\x09" + HOSTILE_BYTES)
    yield from _raised(Connection(Side.CLIENT).receive_data, HOSTILE_BYTES)
    yield LocalProtocolError.too_old("PlaceOrderRequest", since=203, version=176, field="deactivate")


def _others() -> Iterator[AnytwsError]:
    yield _closed()
    yield anytws.NotAHost.of(HOSTILE, HOSTILE)
    yield RequestTimedOut(HOSTILE_ERROR, 2.5)
    yield RequestTimedOut(HOSTILE_ERROR, 2.5, sent=False)
    yield RequestTimedOut(HOSTILE_ERROR, 2.5, received=(HOSTILE_ERROR,))
    yield errors.RequestFailed(200, HOSTILE, HOSTILE_ERROR, link_was_down=True)
    yield errors.DataLost(HOSTILE_ERROR)
    yield errors.AnswerTooLarge(HOSTILE_ERROR, 10**6)
    yield errors.SendQueueFull(10_000, 10**6)
    yield SlowConsumer(7)
    yield SlowConsumer(7, "bytes", 3, 30.0)
    yield errors.StreamInUse()
    yield errors.WrongThread("Tws.send", waits=False)
    yield errors.WrongTask()
    yield errors.ReadOnly("PlaceOrderRequest", "it places an order", "what_if")
    yield errors.NotFound(HOSTILE, errors.RequestFailed(200, HOSTILE, HOSTILE_ERROR))
    yield errors.NotFound(HOSTILE)
    yield errors.Ambiguous(HOSTILE, (HOSTILE, HOSTILE), (HOSTILE,) * 10, ("exchange",))
    yield errors.HoursUnknown(HOSTILE, HOSTILE, HOSTILE)
    yield errors.LimitReached("lines", HOSTILE_ERROR, 100, 100)
    yield errors.LimitReached(HOSTILE, HOSTILE_ERROR, seconds=30.0)
    yield errors.HealthTimedOut(1.0, HOSTILE)
    yield errors.JournalError(HOSTILE, HOSTILE)
    yield errors.JournalInUse(HOSTILE, HOSTILE)
    yield errors.JournalDamaged(HOSTILE, HOSTILE, 7)
    yield errors.NotJournaled(HOSTILE, HOSTILE)
    yield anytws.GateRefused((Reason(HOSTILE, HOSTILE),) * 100)
    warning = UpdateConfigWarning(message=HOSTILE)
    yield errors.SettingsRefused(UpdateConfigResponse(1, errors=(HOSTILE,) * 100, warnings=(warning,)))


def _of_orders() -> Iterator[AnytwsError]:
    tws: Any = SimpleNamespace(known_orders=SimpleNamespace(over=_closed()))
    life = OrderLife(Owner.OURS)
    life.ref = HOSTILE
    trade = Trade(tws, life)
    presence = Presence(
        PresenceState.WAITING, datetime(2026, 1, 5, tzinfo=UTC), HOSTILE, 3, last_end=_closed(), why=HOSTILE
    )
    yield anytws.OrderRejected(201, HOSTILE, trade)
    for ref, order_id in ((HOSTILE, None), ("", 7)):
        yield anytws.OrderUnknown(ref, order_id, anytws.Left.SOME, HOSTILE)
    yield anytws.AlreadyPlaced(trade)
    yield anytws.ModificationRefused(None, HOSTILE, trade)
    yield anytws.TradeTimedOut(1.0, trade)
    yield anytws.CancelFailed(10148, HOSTILE, trade)
    yield anytws.OrdersStillOpen((trade,) * 100, 30.0)
    yield anytws.BracketBroken((trade,) * 3, code=110, message=HOSTILE, trade=trade)
    yield anytws.ReconcileIncomplete(
        PartialOrderPicture((), None, None, None, None, ()), (Missing(HOSTILE, HOSTILE),) * 100
    )
    yield errors.AnswerLost(HOSTILE_ERROR, may_have_arrived=True)
    yield errors.NotConnected(HOSTILE, HOSTILE, presence)
    yield errors.PresenceTimedOut(1.0, presence)


ERRORS = [*_connect_errors(), *_protocol_errors(), *_others(), *_of_orders()]


def _all_kinds(kind: type[AnytwsError] = AnytwsError) -> set[type[AnytwsError]]:
    return {kind}.union(*map(_all_kinds, kind.__subclasses__()))


def assert_is_a_line(text: str, most: int = MOST) -> None:
    assert text.isprintable(), ascii(text)
    assert len(text) <= most


def test_every_kind_of_error_is_tried() -> None:
    for module in pkgutil.walk_packages(anytws.__path__, "anytws."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    of_the_package = {kind for kind in _all_kinds() if kind.__module__.startswith("anytws.")}
    never_raised_themselves = {AnytwsError, errors.ProtocolError, errors.RequestError, anytws.OrderError}
    assert of_the_package - never_raised_themselves == {type(error) for error in ERRORS}


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_every_error_is_one_printable_line_with_a_bound(error: AnytwsError) -> None:
    assert_is_a_line(str(error))


def test_the_values_of_an_error_stay_as_they_came() -> None:
    closed = closing.describe(seen(facts=_session(CLIENT_ID_IN_USE), now=0.0), CloseReason.EOF, "seen")
    assert closed.last_error is not None
    assert closed.last_error.error_message == HOSTILE
    error = ConnectError(Stage.START, closed, "tws:1", (HOSTILE,))
    assert (error.last_error, error.accounts) == (closed.last_error, (HOSTILE,))


def _session(code: int) -> SessionFacts:
    facts = SessionFacts()
    facts.classify(ErrorMessage(None, code, HOSTILE), CODES, 0.0)
    return facts


@pytest.mark.parametrize("code", [200, CLIENT_ID_IN_USE, PORT_CHANGED, RATE_EXCEEDED])
@pytest.mark.parametrize("reason", CloseReason)
def test_the_words_of_every_end_are_lines(reason: CloseReason, code: int) -> None:
    """Whatever TWS said before it, and whatever the system or a transport said of it."""
    for detail in ("seen", HOSTILE):
        closed = closing.describe(seen(facts=_session(code), now=0.0), reason, detail)
        assert_is_a_line(closed.detail, MOST_OF_A_DETAIL)
        assert_is_a_line(closed.hint, 400)
        error = ConnectError(Stage.START, closed, "tws:1")
        assert_is_a_line(str(error))
        # What TWS said is told once, be it ever so long.
        assert closed.last_error is not None
        is_told = connect_errors.is_told(closed.last_error, closed.detail)
        assert is_told is not (f"TWS said: {in_a_sentence(HOSTILE)} ({code})" in str(error))


def test_frames_that_were_passed_over_are_told_in_a_line() -> None:
    """Before the version, unknown, and undecodable: in the words of the end there is a little of each."""
    client = Connection(Side.CLIENT)
    client.opened()
    client.receive_data(frame(HOSTILE_BYTES))
    client.receive_data(frame(b"176\x0020260405 23:49:26 UTC\0"))
    client.receive_data(frame(b"777\x00" + HOSTILE_BYTES) + frame(b"9\x001\x00" + HOSTILE_BYTES + b"\0"))
    told = [event.problem for event in client.events() if isinstance(event, UndecodableFrame)]
    assert len(told) == 1
    assert_is_a_line(told[0])
    client.receive_eof()
    assert client.closed is not None
    assert "unknown kind" in client.closed.detail
    assert "could not be read" in client.closed.detail
    assert "1 other frame came" in client.closed.detail
    assert_is_a_line(client.closed.detail, MOST_OF_A_DETAIL)
    assert_is_a_line(str(client.closed))


@given(text=st.text() | st.text(min_size=300).map(lambda text: text * 3), most=st.integers(60, 500))
def test_a_line_is_printable_within_its_bound_and_given_back_as_it_is(text: str, most: int) -> None:
    line = in_a_sentence(text, most)
    assert_is_a_line(line, most)
    assert in_a_sentence(line, most) == line
    if text.isprintable() and len(text) <= most:
        assert line == text


# --- accounts ----------------------------------------------------------------------------------------------------

# No digit twice, and none that the rest of a report needs: then four of them in a row are a piece of the account.
usual_accounts = st.builds(
    lambda letters, digits, count: letters + "".join(digits[:count]),
    st.text("DUFIxb", min_size=1, max_size=3),
    st.permutations("3456789"),
    st.integers(5, 7),
)
odd_accounts = st.text("abß-_./ é\\'\"\x1b\0口\udcff3456789", min_size=9, max_size=30).filter(
    lambda account: len(account.strip()) > 8 and any(map(str.isdigit, account[:-3]))
)
no_digits = st.text(st.characters(exclude_categories=["Nd"]), max_size=20)
around = st.sampled_from(["", " ", "\0", "\x1b[2J", "\\x00", "\\", "'", '"', "A", "x", "_", "99", "\ud800", "y" * 980])
cases = st.sampled_from([str, str.upper, str.lower, str.swapcase, str.title])


@st.composite
def texts(draw: st.DrawFn, account: str) -> str:
    """Give what a peer may say around *account*, and what becomes of it in the words of an error."""
    pieces = draw(st.lists(no_digits | around | cases.map(lambda case: case(account)), min_size=1, max_size=6))
    text = "".join([*pieces, account, draw(around)])
    raw = text.encode("utf-8", "surrogatepass")
    cut = draw(st.integers(0, 80))
    return draw(st.sampled_from([text, repr(raw[:cut]), shown(raw, max(20, cut)), in_a_sentence(text, max(20, cut))]))


@st.composite
def findings(draw: st.DrawFn, account: str, *, is_known: bool) -> Finding:
    """Give a finding in which TWS has said *account* wherever it can say something."""
    said = texts(account)
    named = tuple(draw(st.permutations([account, "DU0000000", "A"]))) if is_known else None
    heard = Hearsay()
    for code in draw(st.lists(st.sampled_from([*FARM_CODES, 2152, 10349]), max_size=4)):
        message = ErrorMessage(None, code, draw(said))
        heard.note(anytws.Notice(code, message.error_message, CODES.kind_of(code), None, None, message))
    heard.note(ErrorMessage(7, 200, draw(said)))
    text = draw(said)
    portrait = Portrait(
        server_version=226,
        connection_time=ConnectionTime(text.encode("utf-8", "surrogatepass"), text, "", None, None),
        accounts=named,
        next_valid_id=1,
        connect_seconds=0.25,
        heard=heard,
    )
    closed = ConnectionClosed(
        draw(st.sampled_from(CloseReason)),
        State.READY,
        draw(said),
        draw(said),
        200,
        ErrorMessage(None, 200, draw(said)),
        redirect=(draw(said), None) if draw(st.booleans()) else None,
    )
    failure = draw(st.sampled_from([closed, ConnectError(Stage.START, closed, draw(said), named), None]))
    is_ready = draw(st.booleans()) or not isinstance(failure, ConnectError)
    host = draw(said | st.just("127.0.0.1"))
    return Finding(host, 7497, 7, 0.25, portrait if is_ready else None, failure)


def written(found: list[Finding], *, host: str = "tws", **options: bool) -> tuple[str, str]:
    """Give all that a report writes of *found*, for people and for programs, without blanks: lines are wrapped."""
    output, text = spoken()
    report = Report(output, **options)
    places = [Place(finding.host, finding.port) for finding in found]
    report.announce([Place(host, 7497)])
    for place, finding in zip(places, found, strict=True):
        report.list(finding, places)
        report.remark(place, StillWaiting(State.HANDSHAKING, 4.0, 6.0, finding.host, finding.host))
    report.tell(found)
    people = text.getvalue()
    assert all(line.isprintable() for line in people.splitlines())
    report.write_json(found, 0)
    programs = text.getvalue()[len(people) :]
    strings = [*_strings(json.loads(programs))]
    assert all(len(each) < 1100 and each.isprintable() for each in strings)
    return "".join(people.split()), "\n".join("".join(each.split()) for each in strings)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
    elif isinstance(value, str):
        yield value


@given(data=st.data(), account=usual_accounts, is_known=st.booleans())
def test_no_report_has_the_digits_of_an_account(data: st.DataObject, account: str, is_known: bool) -> None:
    """In any case, stuck to anything, cut off anywhere: at most the last three characters are there."""
    found = [data.draw(findings(account, is_known=is_known))]
    digits = account.lstrip("DUFIxb")
    for text in written(found, host=found[0].host):
        for begin in range(len(digits) - 3):
            assert digits[begin : begin + 4] not in text


@given(data=st.data(), account=odd_accounts)
def test_what_tws_names_as_an_account_is_hidden_whatever_it_looks_like(data: st.DataObject, account: str) -> None:
    found = [data.draw(findings(account, is_known=True))]
    raw = account.strip().encode("utf-8", "surrogateescape")
    forms = {in_a_sentence(account.strip()), repr(account.strip())[1:-1], repr(raw)[2:-1]}
    for text in written(found):
        for form in forms:
            secret = "".join(form[:-3].split())
            assert secret.casefold() not in text.casefold()


@pytest.mark.parametrize(
    "said, shown",
    [
        ("\0DU1234567", r"\x00******567"),
        ("DU1234567A", "******567A"),
        ("du1234567", "******567"),
        ("\\x00DU1234567\\x00", r"\x00******567\x00"),
        ("AccountDU1234567", "Accoun*******567"),
        ("no account: DU1234, TWS 10.37, 20260105", "no account: DU1234, TWS 10.37, 20260105"),
        ("b'15\\x001\\x00DU12345", "b'15\\x001\\x00****345"),
        ("b'15\\x001\\x00DU12345'", "b'15\\x001\\x00*******'"),
        ("b'15\\x001\\x00DU12... (80 bytes)", "b'15\\x001\\x00D***... (80 bytes)"),
        ("b'176\\x00'", "b'176\\x00'"),
    ],
)
def test_what_looks_like_an_account_is_hidden_without_being_known(said: str, shown: str) -> None:
    finding = Finding("tws", 7497, 7, 1.0, None, ConnectionClosed(CloseReason.EOF, State.READY, said))
    people, programs = written([finding])
    assert "".join(shown.split()) in people
    assert "".join(shown.split()) in programs


def test_of_several_accounts_each_shows_its_own_end() -> None:
    accounts = ("DU1234567", "DU1234568", "DU123456", "U7654321", "F12")
    heard = Hearsay()
    heard.note(ErrorMessage(None, 200, "du1234568, xDU1234567x, U7654321 and F12"))
    time = ConnectionTime(b"", "", "", None, None)
    portrait = Portrait(
        server_version=226, connection_time=time, accounts=accounts, next_valid_id=1, connect_seconds=1, heard=heard
    )
    people, _ = written([Finding("tws", 7497, 7, 1.0, portrait)])
    assert "******567,******568,*****456,*****321,***:" in people
    assert "200******568,*******567x,*****321andF12" in people


def test_accounts_are_shown_to_who_asks_for_them() -> None:
    finding = Finding(
        "tws", 7497, 7, 1.0, None, ConnectionClosed(CloseReason.EOF, State.READY, "\0DU1234567 du7654321")
    )
    for text in written([finding], show_accounts=True):
        assert r"\x00DU1234567du7654321" in text


# --- commands ----------------------------------------------------------------------------------------------------


def _suggested(finding: Finding) -> str | None:
    output, text = spoken()
    Report(output).tell([finding])
    _, _, command = " ".join(text.getvalue().split()).partition("for example ")
    return command or None


HOSTS = ["x;touch${IFS}pwned;#", "`id`", "$(id)", "a b", "'", '"', "\\", "*", "fe80::1%eth0;id", "~root", "&", "-x"]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    "reason",
    [CloseReason.REDIRECTED, CloseReason.CLIENT_ID_IN_USE, CloseReason.HANDSHAKE_TIMEOUT, CloseReason.PORT_CHANGED],
)
def test_what_is_suggested_is_one_command_of_plain_words(host: str, reason: CloseReason) -> None:
    """Whoever copies it runs ``anytws check`` and nothing else, whether TWS named the host or the user."""
    redirect = (host, 7498) if reason is CloseReason.REDIRECTED else None
    hint = closing.hint_for(reason, State.HANDSHAKING, heard=False)
    closed = ConnectionClosed(reason, State.HANDSHAKING, hint=hint, new_port=7498, redirect=redirect)
    command = _suggested(Finding(host, 7497, 7, 1.0, None, ConnectError(Stage.GREETING, closed, host)))
    assert command is not None
    words = shlex.split(command)
    assert words[:2] == ["anytws", "check"]
    assert words[2] == host
    assert command == shlex.join(words)


@pytest.mark.parametrize("host", ["tws12345678", "a\nb", "\x1b[2J"])
def test_a_host_that_is_not_to_be_shown_is_not_in_a_command(host: str) -> None:
    closed = ConnectionClosed(CloseReason.PORT_CHANGED, State.READY, new_port=7498)
    assert _suggested(Finding(host, 7497, 7, 1.0, None, closed)) == "anytws check HOST 7498 --client-id 7"


@pytest.mark.parametrize("taken, other", [(7, 8), (2**31 - 2, 2**31 - 3)])
def test_the_other_client_id_is_one_that_can_be_used(taken: int, other: int) -> None:
    closed = ConnectionClosed(CloseReason.CLIENT_ID_IN_USE, State.AWAITING_NEXT_VALID_ID)
    assert _suggested(Finding("tws", 7497, taken, 1.0, None, closed)) == f"anytws check tws 7497 --client-id {other}"


def test_the_errors_are_those_that_this_file_thinks_of() -> None:
    assert {RemoteProtocolError, LocalProtocolError, DecodeError} <= {type(error) for error in ERRORS}


# --- the verbs that read from a TWS --------------------------------------------------------------------------------

SAID = "of DU1234567: \x1b[2J \u202e pwned"
HOSTILE_DAY = "\n".join(
    f"[[events]]\non = {json.dumps(request)}\ndo = {json.dumps(do)}\ntext = {json.dumps(SAID)}\ncode = {code}\n{more}"
    for request, do, code, more in [
        ("MarketDataRequest", "error_instead", 9999, 'where = { "contract.symbol" = "MSFT" }'),
        ("MarketDataRequest", "error_after_data", 9998, 'where = { "contract.symbol" = "SPY" }\nmessages = 5'),
        ("MarketDataRequest", "notice", 2199, 'where = { "contract.symbol" = "AAPL" }'),
        ("HistoricalDataRequest", "error_instead", 9999, ""),
        ("AccountSummaryRequest", "error_instead", 9999, ""),
        ("PnLRequest", "error_instead", 9999, ""),
    ]
)


@pytest.mark.parametrize("is_json", [False, True])
@pytest.mark.parametrize(
    "arguments", [["watch", "AAPL", "MSFT", "SPY", "--for", "0.8"], ["bars", "AAPL", "MSFT"], ["account"]], ids=" ".join
)
def test_no_verb_prints_what_a_tws_says_as_it_is(
    arguments: list[str], is_json: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day = tmp_path / "day.toml"
    day.write_text(HOSTILE_DAY, "utf-8")
    assert cli.main([*arguments, f"--simulate={day}", *(["--json"] if is_json else [])]) == cli.REFUSED
    told = "".join(capsys.readouterr())
    assert "pwned" in told
    assert "******567" in told
    assert "DU1234567" not in told
    assert all(line.isprintable() for line in told.splitlines())
