"""What `anytws check` found, in words for people and in JSON for programs."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from enum import Enum
from typing import Any, Final

import attrs

from anytws import CloseReason, ConnectError, ConnectionClosed, Stage, State, StillWaiting
from anytws.cli.finding import CLIENT_ID, Clock, Finding, Link, Outcome, Portrait, Remark
from anytws.cli.mask import Mask
from anytws.cli.output import Output, Tone, address, counted
from anytws.cli.places import Place
from anytws.core.closing import hint_for
from anytws.core.options import HandshakeOptions
from anytws.runtime.connect_errors import is_told

USUAL_PORTS: Final = {
    7497: "TWS, paper trading",
    7496: "TWS, live trading",
    4002: "IB Gateway, paper trading",
    4001: "IB Gateway, live trading",
}
"""Where TWS and IB Gateway listen unless somebody has changed it."""

_STAGES: Final = {
    Stage.TCP: "no TCP connection could be had",
    Stage.GREETING: "the TCP connection was up; no server version came",
    Stage.VERSION: "TWS replied, and not with a server version that can be used",
    Stage.START: "the server version was agreed; the session did not start",
    Stage.HALF_STARTED: "the session began to start, and got no further",
}
_OUTCOMES: Final = {
    Outcome.READY: ("ready", Tone.GOOD),
    Outcome.NOT_READY: ("answers, but is not ready", Tone.BAD),
    Outcome.NOTHING_THERE: ("nothing there", Tone.QUIET),
}
_LINKS: Final = {
    Link.UP: ("up", Tone.GOOD),
    Link.DOWN: ("TWS has lost it: no data and no orders until it is back. TWS reconnects by itself", Tone.BAD),
    Link.UNKNOWN: ("TWS has said nothing about it", Tone.PLAIN),
}
_KINDS: Final = {
    "paper": ("paper, to go by the letter D in front", Tone.GOOD),
    "live": ("LIVE, to go by the first letter, which is not D", Tone.WARNING),
    "mixed": ("paper and LIVE ones", Tone.WARNING),
    "unknown": ("", Tone.PLAIN),
}
_READ_ONLY: Final = {
    True: (
        "yes: orders of clients are refused (321). To change that: Configure, API, Settings, Read-Only API",
        Tone.WARNING,
    ),
    False: ("no: clients may place orders", Tone.PLAIN),
}
_FAREWELL: Final = "Nothing was changed: this client asked for the time and the settings, and left."
_NOTHING: Final = (
    "Nothing is there. Start TWS or IB Gateway and log in; in TWS, under Configure, API, Settings, enable socket "
    "clients, and see which port it uses: anytws check HOST PORT tries that one. To try things without either, there "
    "is anytws simulate."
)
_IS_IT_RUNNING: Final = hint_for(CloseReason.CONNECT_FAILED, State.DISCONNECTED)
_GOES_IN_CIRCLES: Final = (
    "TWS names the address at which it was asked, so going there leads here again: look at how TWS, or what forwards "
    "to it, is set up"
)
_PATIENCE_HELPS: Final = (
    hint_for(CloseReason.HANDSHAKE_TIMEOUT, State.HANDSHAKING, heard=False),
    hint_for(CloseReason.HANDSHAKE_TIMEOUT, State.AWAITING_NEXT_VALID_ID),
)
"""What is said of a TWS that may only need a person, or time."""
_WORTH_A_WARNING: Final = 2.0
"""Seconds by which clocks may differ."""
_PROMPT: Final = 0.9
"""Seconds within which a request is answered that was not dropped and sent again."""
_MINUTE: Final = 60
"""Seconds that a person has to find the dialog of TWS, who is asked to try again."""
_MOST_ACCOUNTS: Final = 50
_SYSTEM: Final = re.compile(r"^\[(?:Errno|WinError) -?[0-9]+\] (?:Error connecting to \([^)]*\): )?")


class _MaskedOutput(Output):
    """An output whose every line goes through a mask."""

    def __init__(self, output: Output, mask: Mask) -> None:
        super().__init__(output.console)
        self._mask = mask

    def row(self, lead: tuple[tuple[str, Tone], ...], text: str, tone: Tone = Tone.PLAIN, *, wrap: bool = True) -> None:
        """Say *text* after *lead*, both masked."""
        super().row(tuple([(self._mask(part), style) for part, style in lead]), self._mask(text), tone, wrap=wrap)


class Report:
    """Tells findings to *output*. Account ids are masked unless *show_accounts*.

    All that it writes, for people and for programs, goes through one `Mask`: a new line cannot forget it.
    """

    def __init__(self, output: Output, *, show_accounts: bool = False) -> None:
        self._mask = Mask(shows_accounts=show_accounts)
        self._output = _MaskedOutput(output, self._mask)

    # --- for people ----------------------------------------------------------------------------------------------

    def announce(self, places: Sequence[Place]) -> None:
        """Say that *places* are being looked at."""
        where = f"at {len(places)} places"
        if is_one_host(places):
            ports = [place.port for place in places]
            is_usual = ports == list(USUAL_PORTS)
            which = "at their usual ports" if is_usual else f"at the ports {', '.join(map(str, ports))}"
            where = f"on {places[0].host}, {which}"
        self._output.row((), f"Looking for TWS and IB Gateway {where}", Tone.TITLE)
        self._output.blank()

    def remark(self, place: Place, remark: StillWaiting) -> None:
        """Say that the answer of *place* takes long, and what somebody can do about it in time."""
        left = "" if remark.seconds_left is None else f"; it has {max(1, round(remark.seconds_left))} s more"
        self._output.row(((f"{address(*place)}: ", Tone.TITLE),), "still waiting", Tone.WARNING)
        self._output.fact("what happened", f"{remark.detail}{left}")
        self._output.fact("what to do", remark.hint)
        self._output.blank()

    def list(self, finding: Finding, places: Sequence[Place]) -> None:
        """Say in one line what there is at one of *places*."""
        self._mask.learn(finding.accounts)
        text, tone = _OUTCOMES[finding.outcome]
        closed = finding.closed
        if finding.outcome is Outcome.NOTHING_THERE and closed is not None:
            text += f": {_cause(closed.detail)}"
        names = {place: str(place.port) if is_one_host(places) else address(*place) for place in places}
        width = max(map(len, names.values()))
        usual = max(len(USUAL_PORTS.get(place.port, "")) for place in places)
        name = names[Place(finding.host, finding.port)]
        lead = (
            (f"  {name:<{width}}  ", Tone.TITLE),
            (f"{USUAL_PORTS.get(finding.port, ''):<{usual}}{'  ' if usual else ''}", Tone.PLAIN),
        )
        self._output.row(lead, text, tone)

    def tell(self, findings: Sequence[Finding]) -> None:
        """Say all about every finding that there is more to say of."""
        self._learn(findings)
        is_search = len(findings) > 1
        worth_telling = [
            finding for finding in findings if not is_search or finding.outcome is not Outcome.NOTHING_THERE
        ]
        for finding in worth_telling:
            if is_search:
                self._output.blank()
            self._tell_one(finding)
        if any(finding.outcome is Outcome.READY for finding in findings):
            self._output.blank()
            self._output.row((), _FAREWELL, Tone.QUIET)
        elif not worth_telling:
            self._output.blank()
            self._output.row((), _advice(findings), Tone.BAD)

    def _learn(self, findings: Sequence[Finding]) -> None:
        for finding in findings:
            self._mask.learn(finding.accounts)

    def _tell_one(self, finding: Finding) -> None:
        usual = USUAL_PORTS.get(finding.port)
        place = address(finding.host, finding.port)
        text, tone = _OUTCOMES[finding.outcome]
        lead = f"{place} ({usual}, as a rule): " if usual else f"{place}: "
        self._output.row(((lead, Tone.TITLE),), text, tone)
        if finding.portrait is not None:
            self._tell_portrait(finding.portrait, finding)
        if finding.failure is not None:
            self._tell_failure(finding)

    def _tell_portrait(self, portrait: Portrait, finding: Finding) -> None:
        fact, heard = self._output.fact, portrait.heard
        fact("server version", str(portrait.server_version))
        fact("connected in", f"{_time(portrait.connect_seconds)}, as client id {finding.client_id}")
        kind, tone = _KINDS[portrait.account_kind]
        accounts = ", ".join(self._accounts(portrait)) or "none were said"
        accounts += _more(_more_accounts(portrait))
        fact("accounts", f"{accounts}: {kind}" if kind else accounts, tone)
        if portrait.account_kind == "live" and "paper" in USUAL_PORTS.get(finding.port, ""):
            fact("", "take care: this port is the one for paper trading, as a rule", Tone.WARNING)
        fact("next valid id", str(portrait.next_valid_id))
        fact("its clock says", portrait.connection_time.text or "nothing")
        if portrait.clock is not None:
            fact("that clock is", *_clock(portrait.clock))
        if portrait.trip_seconds is not None:
            fact("round trip", _time(portrait.trip_seconds))
        if portrait.first_answer_seconds is not None and portrait.first_answer_seconds > _PROMPT:
            slow = f"only after {_time(portrait.first_answer_seconds)}: TWS may drop what comes right after the start"
            fact("first answer", slow, Tone.WARNING)
        fact("read-only API", *_read_only(portrait))
        self._tell_farms(portrait)
        fact("link to IB", *_LINKS[portrait.link])
        for remark in heard.remarks:
            fact("TWS said", _said(remark), Tone.WARNING)
        if heard.more_remarks:
            fact("", f"and made {counted(heard.more_remarks, 'more remark')}", Tone.WARNING)
        if heard.missed:
            fact("", f"It says too much: {counted(heard.missed, 'event')} came too fast to be read", Tone.WARNING)

    def _tell_farms(self, portrait: Portrait) -> None:
        fact, heard = self._output.fact, portrait.heard
        for number, farm in enumerate(heard.farms):
            good = farm.status in {"ok", "idle"}
            text = f"{farm.name}, {farm.purpose}: {farm.status}"
            fact("" if number else "data farms", text, Tone.PLAIN if good else Tone.WARNING)
        if heard.more_farms:
            fact("", f"and {counted(heard.more_farms, 'time')} something of others", Tone.WARNING)
        if not heard.farms:
            fact("data farms", "none was heard of: a Gateway connects them when they are needed")

    def _tell_failure(self, finding: Finding) -> None:
        fact = self._output.fact
        closed = finding.closed
        if closed is None:
            fact("what happened", str(finding.failure), Tone.BAD)
            fact("what to do", "Try again; if it stays like this, restart TWS")
            return
        if isinstance(finding.failure, ConnectError):
            fact("how far", _STAGES[finding.failure.stage])
        code = "" if closed.code is None else f" (code {closed.code})"
        more = "" if finding.stranger is None else "; asked in another way, it answered"
        fact("what happened", _cause(closed.detail) + code + more, Tone.BAD)
        error = closed.last_error
        if error is not None and not is_told(error, closed.detail):
            fact("TWS said", _said(Remark(error.error_code, error.error_message)), Tone.WARNING)
        fact("what to do", _hint(finding, closed))
        command = self._command(finding, closed)
        if command is not None:
            fact("for example", command, Tone.TITLE)

    def _accounts(self, portrait: Portrait) -> tuple[str, ...]:
        return tuple([self._mask.account(account) for account in (portrait.accounts or ())[:_MOST_ACCOUNTS]])

    def _command(self, finding: Finding, closed: ConnectionClosed) -> str | None:
        """Give the command to try next, where there is one. People copy it, so each word in it is quoted."""
        host, port = finding.host, finding.port
        options: tuple[str, ...] = ()
        if finding.client_id != CLIENT_ID:
            options = ("--client-id", str(finding.client_id))
        if closed.reason is CloseReason.CLIENT_ID_IN_USE:
            options = ("--client-id", str(_other_client_id(finding.client_id)))
        elif closed.hint in _PATIENCE_HELPS and finding.patience < _MINUTE:
            options = (*options, "--timeout", str(_MINUTE))
        elif _leads_nowhere(finding, closed):
            return None
        elif closed.redirect is not None:
            host, port = closed.redirect[0], closed.redirect[1] or port
        elif closed.new_port is not None:
            port = closed.new_port
        else:
            return None
        if self._mask(host) != host:
            # With stars in it, it would be another host.
            host = "HOST"
        return shlex.join(("anytws", "check", host, str(port), *options))

    # --- for programs --------------------------------------------------------------------------------------------

    def write_json(self, findings: Sequence[Finding], exit_code: int) -> None:
        """Write the findings as one JSON object."""
        self._output.raw(json.dumps(self.as_json(findings, exit_code), indent=2))

    def as_json(self, findings: Sequence[Finding], exit_code: int) -> dict[str, Any]:
        """Give the findings as what `json.dumps` takes. Times are in seconds, and text where they are moments."""
        self._learn(findings)
        endpoints = [self._endpoint(finding) for finding in findings]
        return {"exit_code": exit_code, "endpoints": [self._fit(endpoint) for endpoint in endpoints]}

    def _fit(self, value: Any) -> Any:  # noqa: ANN401 (whatever JSON has)
        """Mask all texts in *value*. What comes from an enumeration of ours is a word that programs look for."""
        if isinstance(value, dict):
            return {key: self._fit(each) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._fit(each) for each in value]
        if isinstance(value, Enum):
            return value.value
        return self._mask(value) if isinstance(value, str) else value

    def _endpoint(self, finding: Finding) -> dict[str, Any]:
        return {
            "host": finding.host,
            "port": finding.port,
            "usual": USUAL_PORTS.get(finding.port),
            "outcome": finding.outcome,
            "client_id": finding.client_id,
            "tws": None if finding.portrait is None else self._portrait(finding.portrait),
            "failure": self._failure(finding),
        }

    def _portrait(self, portrait: Portrait) -> dict[str, Any]:
        time, heard = portrait.connection_time, portrait.heard
        return {
            "server_version": portrait.server_version,
            "connection_time": {"text": time.text, "aware": None if time.aware is None else time.aware.isoformat()},
            "accounts": None if portrait.accounts is None else self._accounts(portrait),
            "more_accounts": _more_accounts(portrait),
            "account_kind": portrait.account_kind,
            "next_valid_id": portrait.next_valid_id,
            "connect_seconds": portrait.connect_seconds,
            "first_answer_seconds": portrait.first_answer_seconds,
            "round_trip_seconds": portrait.trip_seconds,
            "clock": None if portrait.clock is None else attrs.asdict(portrait.clock),
            "farms": [attrs.asdict(farm) for farm in heard.farms],
            "more_farms": heard.more_farms,
            "read_only": heard.read_only,
            "link": portrait.link,
            "remarks": [_said(remark) for remark in heard.remarks],
            "more_remarks": heard.more_remarks,
            "missed": heard.missed,
        }

    def _failure(self, finding: Finding) -> dict[str, Any] | None:
        if finding.failure is None:
            return None
        closed = finding.closed
        if closed is None:
            return {"what_happened": str(finding.failure)}
        error = closed.last_error
        return {
            "stage": finding.failure.stage if isinstance(finding.failure, ConnectError) else None,
            "reason": closed.reason,
            "code": closed.code,
            "what_happened": closed.detail,
            "tws_said": None if error is None else _said(Remark(error.error_code, error.error_message)),
            "what_to_do": _hint(finding, closed),
        }


def is_one_host(places: Sequence[Place]) -> bool:
    """Tell whether *places* are ports of one host."""
    return len({place.host for place in places}) == 1


def _leads_nowhere(finding: Finding, closed: ConnectionClosed) -> bool:
    """Tell whether TWS redirects to where it was asked."""
    if closed.redirect is None:
        return False
    host, port = closed.redirect
    return (host.lower(), port or finding.port) == (finding.host.lower(), finding.port)


def _hint(finding: Finding, closed: ConnectionClosed) -> str:
    if finding.stranger is not None:
        return finding.stranger.hint
    return _GOES_IN_CIRCLES if _leads_nowhere(finding, closed) else closed.hint


def _advice(findings: Sequence[Finding]) -> str:
    """Say what to do where nothing is there at all: what each of them says, if that is the same and more than usual."""
    hints = {finding.closed.hint for finding in findings if finding.closed is not None}
    hint = hints.pop() if len(hints) == 1 else _IS_IT_RUNNING
    return _NOTHING if hint == _IS_IT_RUNNING else f"Nothing is there. {hint}."


def _read_only(portrait: Portrait) -> tuple[str, Tone]:
    if portrait.heard.read_only is not None:
        return _READ_ONLY[portrait.heard.read_only]
    if portrait.tells_settings:
        return "TWS did not say", Tone.PLAIN
    return "not known: TWS says so from server version 219 on", Tone.PLAIN


def _cause(detail: str) -> str:
    """Give the system's word for a failure without its number, and without the address, which is known."""
    return _SYSTEM.sub("", detail)


def _said(remark: Remark) -> str:
    return f"{remark.code} {remark.text}"


def _more_accounts(portrait: Portrait) -> int:
    return max(0, len(portrait.accounts or ()) - _MOST_ACCOUNTS)


def _more(count: int) -> str:
    return f" and {count} more" if count else ""


def _other_client_id(client_id: int) -> int:
    try:
        return HandshakeOptions(client_id=client_id + 1).client_id
    except ValueError:
        # It was the last one that there is.
        return client_id - 1


def _clock(clock: Clock) -> tuple[str, Tone]:
    difference, doubt = abs(clock.ahead), _time(clock.doubt)
    if difference <= clock.doubt:
        return f"the same as this machine's, to {doubt}", Tone.PLAIN
    way = "ahead of" if clock.ahead > 0 else "behind"
    tone = Tone.WARNING if difference > _WORTH_A_WARNING else Tone.PLAIN
    return f"{_time(difference)} {way} this machine's, give or take {doubt}", tone


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1e3:.1f} ms"
