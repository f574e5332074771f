"""What `anytws check` found, in words for people and in JSON for programs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import attrs

from anytws import CloseReason, ConnectError, ConnectionClosed, Stage
from anytws.cli.finding import Clock, Finding, Link, Outcome, Portrait
from anytws.cli.output import Output, Tone, address
from anytws.messages.session import ErrorMessage

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
    Stage.READY: "the session began to start, and got no further",
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
_WORTH_A_WARNING: Final = 2.0
"""Seconds by which clocks may differ."""
_PROMPT: Final = 0.9
"""Seconds within which a request is answered that was not dropped and sent again."""
_MINUTE: Final = 60
"""Seconds that a person has to find the dialog of TWS, who is asked to try again."""
_SHOWN: Final = 3
"""How many characters of an account id are shown, unless more is wanted."""
_SYSTEM: Final = re.compile(r"^\[(?:Errno|WinError) -?[0-9]+\] (?:Error connecting to \([^)]*\): )?")
# One to three capital letters and digits, such as U1234567 or DF123456. Texts of TWS name accounts too.
_ACCOUNT: Final = re.compile(r"\b[A-Z]{1,3}[0-9]{5,}\b")


class Report:
    """Tells findings to *output*. Account ids are masked unless *show_accounts*."""

    def __init__(self, output: Output, *, show_accounts: bool = False) -> None:
        self.output: Final = output
        self._show_accounts = show_accounts

    # --- for people ----------------------------------------------------------------------------------------------

    def announce(self, host: str) -> None:
        """Say that the usual ports of *host* are being tried."""
        self.output.row((), f"Looking for TWS and IB Gateway on {host}, at their usual ports", Tone.TITLE)
        self.output.blank()

    def list(self, finding: Finding) -> None:
        """Say in one line what there is at one of the usual ports."""
        text, tone = _OUTCOMES[finding.outcome]
        closed = finding.closed
        if finding.outcome is Outcome.NOTHING_THERE and closed is not None:
            text += f": {_cause(closed.detail)}"
        lead = ((f"  {finding.port}  ", Tone.TITLE), (f"{USUAL_PORTS.get(finding.port, ''):<26}  ", Tone.PLAIN))
        self.output.row(lead, text, tone)

    def tell(self, findings: Sequence[Finding]) -> None:
        """Say all about every finding that there is more to say of."""
        is_search = len(findings) > 1
        worth_telling = [
            finding for finding in findings if not is_search or finding.outcome is not Outcome.NOTHING_THERE
        ]
        for finding in worth_telling:
            if is_search:
                self.output.blank()
            self._tell_one(finding)
        if any(finding.outcome is Outcome.READY for finding in findings):
            self.output.blank()
            self.output.row((), "Nothing was changed: this client asked for the time, and left.", Tone.QUIET)
        elif not worth_telling:
            self.output.blank()
            advice = (
                "Nothing is there. Start TWS or IB Gateway and log in; in TWS, under Configure, API, Settings, enable "
                "socket clients, and see which port it uses: anytws check HOST PORT tries that one. To try things "
                "without either, there is anytws simulate."
            )
            self.output.row((), advice, Tone.BAD)

    def _tell_one(self, finding: Finding) -> None:
        usual = USUAL_PORTS.get(finding.port)
        place = address(finding.host, finding.port)
        text, tone = _OUTCOMES[finding.outcome]
        lead = f"{place} ({usual}, as a rule): " if usual else f"{place}: "
        self.output.row(((lead, Tone.TITLE),), text, tone)
        if finding.portrait is not None:
            self._tell_portrait(finding.portrait, finding)
        if finding.failure is not None:
            self._tell_failure(finding)

    def _tell_portrait(self, portrait: Portrait, finding: Finding) -> None:
        fact = self.output.fact
        fact("server version", str(portrait.server_version))
        fact("connected in", f"{_time(portrait.connect_seconds)}, as client id {finding.client_id}")
        kind, tone = _KINDS[portrait.account_kind]
        accounts = ", ".join(self._masked(account) for account in portrait.accounts or ()) or "none were said"
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
        for number, farm in enumerate(portrait.farms):
            good = farm.status in {"ok", "idle"}
            text = f"{farm.name}, {farm.purpose}: {farm.status}"
            fact("" if number else "data farms", text, Tone.PLAIN if good else Tone.WARNING)
        if not portrait.farms:
            fact("data farms", "none was heard of: a Gateway connects them when they are needed")
        fact("link to IB", *_LINKS[portrait.link])
        for remark in portrait.remarks:
            fact("TWS said", self._said(remark), Tone.WARNING)

    def _tell_failure(self, finding: Finding) -> None:
        fact = self.output.fact
        closed = finding.closed
        if closed is None:
            fact("what happened", self._without_accounts(str(finding.failure)), Tone.BAD)
            fact("what to do", "try again; if it stays like this, restart TWS")
            return
        if isinstance(finding.failure, ConnectError):
            fact("how far", _STAGES[finding.failure.stage])
        code = "" if closed.code is None else f" (code {closed.code})"
        fact("what happened", self._without_accounts(_cause(closed.detail)) + code, Tone.BAD)
        error = closed.last_error
        if error is not None and error.error_message not in closed.detail:
            fact("TWS said", self._said(error), Tone.WARNING)
        fact("what to do", closed.hint)
        command = _command(finding, closed)
        if command is not None:
            fact("for example", command, Tone.TITLE)

    def _masked(self, account: str) -> str:
        if self._show_accounts:
            return account
        hidden = max(len(account) - _SHOWN, 0)
        # An id as short as what is shown would be shown whole.
        return "*" * hidden + account[hidden:] if hidden else "*" * len(account)

    def _said(self, error: ErrorMessage) -> str:
        return f"{error.error_code} {self._without_accounts(error.error_message)}"

    def _without_accounts(self, text: str) -> str:
        return _ACCOUNT.sub(lambda match: self._masked(match[0]), text)

    # --- for programs --------------------------------------------------------------------------------------------

    def as_json(self, findings: Sequence[Finding], exit_code: int) -> dict[str, Any]:
        """Give the findings as what `json.dumps` takes. Times are in seconds, and text where they are moments."""
        return {"exit_code": exit_code, "endpoints": [self._endpoint(finding) for finding in findings]}

    def _endpoint(self, finding: Finding) -> dict[str, Any]:
        return {
            "host": finding.host,
            "port": finding.port,
            "usual": USUAL_PORTS.get(finding.port),
            "outcome": finding.outcome.value,
            "client_id": finding.client_id,
            "tws": None if finding.portrait is None else self._portrait(finding.portrait),
            "failure": self._failure(finding),
        }

    def _portrait(self, portrait: Portrait) -> dict[str, Any]:
        time = portrait.connection_time
        accounts = portrait.accounts
        return {
            "server_version": portrait.server_version,
            "connection_time": {"text": time.text, "aware": None if time.aware is None else time.aware.isoformat()},
            "accounts": None if accounts is None else [self._masked(account) for account in accounts],
            "account_kind": portrait.account_kind,
            "next_valid_id": portrait.next_valid_id,
            "connect_seconds": portrait.connect_seconds,
            "first_answer_seconds": portrait.first_answer_seconds,
            "round_trip_seconds": portrait.trip_seconds,
            "clock": None if portrait.clock is None else attrs.asdict(portrait.clock),
            "farms": [attrs.asdict(farm) for farm in portrait.farms],
            "link": portrait.link.value,
            "remarks": [self._said(remark) for remark in portrait.remarks],
        }

    def _failure(self, finding: Finding) -> dict[str, Any] | None:
        if finding.failure is None:
            return None
        closed = finding.closed
        if closed is None:
            return {"what_happened": self._without_accounts(str(finding.failure))}
        error = closed.last_error
        return {
            "stage": finding.failure.stage.value if isinstance(finding.failure, ConnectError) else None,
            "reason": closed.reason.value,
            "code": closed.code,
            "what_happened": self._without_accounts(closed.detail),
            "tws_said": None if error is None else self._said(error),
            "what_to_do": closed.hint,
        }


def _cause(detail: str) -> str:
    """Give the system's word for a failure without its number, and without the address, which is known."""
    return _SYSTEM.sub("", detail)


def _command(finding: Finding, closed: ConnectionClosed) -> str | None:
    """Give the command to try next, where there is one."""
    place = f"{finding.host} {finding.port}"
    if closed.reason is CloseReason.CLIENT_ID_IN_USE:
        return f"anytws check {place} --client-id {finding.client_id + 1}"
    if closed.reason is CloseReason.HANDSHAKE_TIMEOUT and finding.patience < _MINUTE:
        return f"anytws check {place} --timeout {_MINUTE}"
    if closed.redirect is not None:
        return f"anytws check {closed.redirect[0]} {closed.redirect[1] or finding.port}"
    if closed.new_port is not None:
        return f"anytws check {finding.host} {closed.new_port}"
    return None


def _clock(clock: Clock) -> tuple[str, Tone]:
    difference, doubt = abs(clock.ahead), _time(clock.doubt)
    if difference <= clock.doubt:
        return f"the same as this machine's, to {doubt}", Tone.PLAIN
    way = "ahead of" if clock.ahead > 0 else "behind"
    tone = Tone.WARNING if difference > _WORTH_A_WARNING else Tone.PLAIN
    return f"{_time(difference)} {way} this machine's, give or take {doubt}", tone


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1e3:.1f} ms"
