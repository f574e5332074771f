"""The knobs of the simulated TWS, each with its unit and its default.

Settings are a value. A person may change them in a TWS that runs: put another value in `World.settings`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, unique
from typing import Any, Final, TypeAlias

import attrs

from anytws.core.remembered import MOST_BYTES
from anytws.errors import shown
from anytws.messages.accounts import PositionMulti
from anytws.messages.advisors import FADataType, ReceiveFA
from anytws.messages.base import ToClient
from anytws.messages.contract import Contract
from anytws.messages.news import NewsProvider, NewsProviders
from anytws.messages.session import CurrentTime, ErrorMessage, ManagedAccounts, NextValidId
from anytws.simulator.advisors import AdvisorGroup, groups_document
from anytws.simulator.exchange.models import Habits, Latency, Pieces, Progress
from anytws.simulator.ledger.margins import Margins
from anytws.simulator.ledger.rates import INVENTED
from anytws.simulator.market.models import SEEDED, PriceModel
from anytws.simulator.proof import prove, refused, say_messages, say_redirect, say_version
from anytws.wire.connection_time import write_connection_time
from anytws.wire.limits import DEFAULT_LIMITS, Limits
from anytws.wire.versions import MAX_VERSION, MIN_VERSION

MAX_CLIENTS: Final = 32
"""How many clients the vendor lets connect to one TWS."""

EPOCH: Final = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
"""The UTC time at ``now`` 0 unless something else is said: a Monday, at the opening bell of New York."""

MOST_SECONDS: Final = 1e9
"""The longest that anything may be set to take: 31 years."""

LEAST_TICK_SECONDS: Final = 0.0001
"""The quickest pace of a stream of market data."""

LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
"""The addresses that a TWS trusts as it is installed."""


@unique
class Personality(Enum):
    """Which of the vendor's two applications is simulated. On the wire they differ in when their farms connect."""

    TWS = "tws"
    """Reports all its farms in the opening."""
    GATEWAY = "gateway"
    """Reports a farm when the first request needs it, once: see `Answer.farm`."""


@unique
class BarTimes(Enum):
    """Which clock TWS shows in the times of bars: a choice in its API settings, from server version 171 on."""

    INSTRUMENT = "instrument"
    """That of the instrument's exchange, with its zone: ``20260713 09:30:00 US/Eastern``."""
    OPERATOR = "operator"
    """That of the person in front of TWS, with its zone."""
    UTC = "utc"
    """``20260713-13:30:00``."""


@unique
class HangUp(Enum):
    """How the byte stream of a connection ends."""

    EOF = "eof"
    """In order: everything said arrives, then the end."""
    RESET = "reset"
    """Torn, as by a host that crashed or a firewall."""


@unique
class Dialog(Enum):
    """What the person in front of TWS does when it asks whether to accept a connection."""

    ACCEPT = "accept"
    REJECT = "reject"
    UNANSWERED = "unanswered"
    """Nobody is there. `Link.answer_dialog` can still click."""


@unique
class FarmKind(Enum):
    """What a data farm is for: the code of its notice, and the text of it up to the farm's name.

    The texts were recorded from real sessions.
    """

    MARKET_DATA = (2104, "Market data farm connection is OK")
    HISTORICAL = (2106, "HMDS data farm connection is OK")
    SECURITY_DEFINITION = (2158, "Sec-def data farm connection is OK")

    @property
    def code(self) -> int:
        """The code of the notice that such a farm is connected."""
        return self.value[0]

    @property
    def text(self) -> str:
        """The text of that notice, without the farm's name."""
        return self.value[1]


@attrs.frozen
class Farm:
    """One of the vendor's data farms."""

    kind: FarmKind
    name: str


@unique
class Opening(Enum):
    """What TWS says of its own accord after START_API."""

    MANAGED_ACCOUNTS = "managed accounts"
    NEXT_VALID_ID = "next valid id"
    FARMS = "farms"
    """The notices of all farms; nothing where the personality is a Gateway."""


_LEAST_ID: Final = -(2**31)

_FREE_NEWS: Final = ("BRFG", "BRFUPDN", "DJNL")

_USUAL_ACCOUNTS: Final = ("DU1234567",)
_USUAL_CASH: Final = Decimal(100_000)

USUAL_OPENING: Final = (Opening.MANAGED_ACCOUNTS, Opening.NEXT_VALID_ID, Opening.FARMS)
"""The order that captures of real sessions show. The vendor promises none."""

USUAL_FARMS: Final = (
    Farm(FarmKind.MARKET_DATA, "usfarm"),
    Farm(FarmKind.HISTORICAL, "ushmds"),
    Farm(FarmKind.SECURITY_DEFINITION, "secdefnj"),
)
"""Farms of an American session, as recorded."""


_MOST_HELD: Final = 10**9
_MOST_CASH: Final = 10**12
_CURRENCIES: Final = ("USD", *INVENTED)


@attrs.frozen
class Holding:
    """A position in something that the universe of the simulated TWS has."""

    symbol: str
    """Such as ``AAPL``: as `Universe.by_symbol` takes it."""
    quantity: Decimal
    """Shares or contracts; negative: sold short."""
    average_cost: float
    """What one of them cost, multiplier and commissions included, in its currency."""


USUAL_POSITIONS: Final = (Holding("AAPL", Decimal(100), 287.35), Holding("SPY", Decimal(-20), 781.5))
"""Two small ones, invented."""


_TEXTS: Final = "a set of texts, none of them empty"

_Validator: TypeAlias = Callable[[Any, "attrs.Attribute[Any]", Any], None]


def _whole(least: int, most: int | None = None, *, optional: bool = False) -> _Validator:
    upto = "" if most is None else f" and at most {most}"

    def check(_: object, field: attrs.Attribute[Any], value: object) -> None:
        if optional and value is None:
            return
        # Not isinstance: True is an int to Python.
        if type(value) is not int or value < least or (most is not None and value > most):
            raise refused(field.name, value, f"a whole number, at least {least}{upto}")

    return check


def _is_of(kind: type[Any], *, optional: bool = False) -> _Validator:
    def check(_: object, field: attrs.Attribute[Any], value: object) -> None:
        if not isinstance(value, kind) and not (optional and value is None):
            raise refused(field.name, value, f"of the type {kind.__name__}")

    return check


def _is_duration(_: object, field: attrs.Attribute[Any], value: object) -> None:
    # Written so that it refuses nan as well: that compares with nothing.
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= MOST_SECONDS:
        raise refused(field.name, value, f"a number of seconds, from 0 to {MOST_SECONDS:g}")


def _is_pace(_: object, field: attrs.Attribute[Any], value: object) -> None:
    _is_duration(_, field, value)
    if 0 < float(str(value)) < LEAST_TICK_SECONDS:
        raise refused(field.name, value, f"0, or at least {LEAST_TICK_SECONDS:g} s")


def _is_aware(_: object, field: attrs.Attribute[Any], value: object) -> None:
    if value is not None and (not isinstance(value, datetime) or value.utcoffset() is None):
        raise refused(field.name, value, "a time with a time zone, such as datetime(..., tzinfo=UTC)")


def _are_texts(_: object, field: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, frozenset) or not all(isinstance(item, str) and item for item in value):
        raise refused(field.name, value, _TEXTS)


def _words(value: Iterable[str]) -> frozenset[str]:
    try:
        # One text is a series of texts to Python, and each of its letters would be a word.
        return frozenset((value,) if isinstance(value, str) else value)
    except TypeError:
        # Its validator, which knows its name, refuses it.
        return value  # type: ignore[return-value]


def _is_printable(_: object, field: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str) or not value.isprintable():
        raise refused(field.name, value, "a text that can be printed")


def _is_currency(_: object, field: attrs.Attribute[Any], value: object) -> None:
    if value not in _CURRENCIES:
        raise refused(field.name, value, f"one of {', '.join(sorted(_CURRENCIES))}")


def _is_cash(_: object, field: attrs.Attribute[Any], value: object) -> None:
    # Written so that it refuses nan as well: that compares with nothing.
    if type(value) is not Decimal or not value.is_finite() or not abs(value) <= _MOST_CASH:
        raise refused(field.name, value, f"a Decimal, from -{_MOST_CASH:g} to {_MOST_CASH:g}")


def _are_groups(_: object, field: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, tuple) or not all(isinstance(item, AdvisorGroup) for item in value):
        raise refused(field.name, value, "a tuple of AdvisorGroup")


@attrs.frozen(kw_only=True)
class WorldSettings:
    """How the simulated TWS behaves. The defaults are a healthy one that this machine may connect to.

    Every number called ``seconds`` is in seconds and may have a fraction.
    """

    personality: Personality = attrs.field(default=Personality.TWS, validator=_is_of(Personality))
    """TWS or Gateway."""

    server_version: int = attrs.field(default=MAX_VERSION, validator=_whole(1, MAX_VERSION))
    """The newest server version that it speaks. Agreed is the lower of this and the newest that the client offers.

    Where there is no version that both speak, it names its own and hangs up: the client has to refuse it. Below 157
    it is always such a TWS, too old for us."""

    accounts: tuple[str, ...] = _USUAL_ACCOUNTS
    """The managed accounts."""

    first_order_id: int = attrs.field(default=1, validator=_whole(_LEAST_ID))
    """The next valid id of a client id that was never here before. Then the world remembers."""

    opening: tuple[Opening | ToClient, ...] = USUAL_OPENING
    """What it says after START_API, in this order. Leave one out, and it never comes; put a message in, and it does."""

    opening_seconds: float = attrs.field(default=0.0, validator=_is_duration)
    """How long it is silent between START_API and the opening."""

    farms: tuple[Farm, ...] = USUAL_FARMS
    """The farms whose notices it gives."""

    api_enabled: bool = attrs.field(default=True, validator=_is_of(bool))
    """Off: every connection is accepted and closed at once."""

    max_clients: int = attrs.field(default=MAX_CLIENTS, validator=_whole(0))
    """How many may be connected. One more is accepted and closed before any reply."""

    localhost_only: bool = attrs.field(default=True, validator=_is_of(bool))
    """Refuse every address that is not of this host, without a dialog. TWS is installed so."""

    trusted_addresses: frozenset[str] = attrs.field(default=LOOPBACK, converter=_words, validator=_are_texts)
    """Addresses that connect without a dialog, as texts."""

    dialog: Dialog = attrs.field(default=Dialog.REJECT, validator=_is_of(Dialog))
    """What the person answers when another address connects."""

    dialog_seconds: float = attrs.field(default=0.0, validator=_is_duration)
    """How long the person takes, from the connection on."""

    stale_seconds: float = attrs.field(default=0.0, validator=_is_duration)
    """How long a client id stays in use after its connection was torn. After an EOF it is free at once."""

    settling_seconds: float = attrs.field(default=0.0, validator=_is_duration)
    """How long after nextValidId requests are dropped without a word."""

    read_only: bool = attrs.field(default=False, validator=_is_of(bool))
    """Refuse what changes anything at the broker, with error 321. A real TWS is installed with this on."""

    redirect: tuple[str, int | None] | None = None
    """Host and port (None: the same) that it sends clients to, instead of its version."""

    die_after_bytes: int | None = attrs.field(default=None, validator=_whole(0, optional=True))
    """How many bytes a connection can carry to the client before it dies; 0: it dies when it is made."""

    die_by: HangUp = attrs.field(default=HangUp.EOF, validator=_is_of(HangUp))
    """How it dies then."""

    positions: tuple[Holding, ...] = USUAL_POSITIONS
    """What the first of the accounts holds, of those that are no advisor's."""

    base_currency: str = attrs.field(default="USD", validator=_is_currency)
    """The currency that the accounts are kept in."""

    cash: Decimal = attrs.field(default=_USUAL_CASH, validator=_is_cash)
    """What each account has of it at the beginning."""

    account_type: str = attrs.field(default="INDIVIDUAL", validator=_is_printable)
    """What ``AccountType`` says. Others that were seen: JOINT, CORPORATION, LLC."""

    margins: Margins = attrs.field(default=Margins.REG_T, validator=_is_of(Margins))
    """How much positions bind, and how many times what is left can be spent."""

    large_account: bool = attrs.field(default=False, validator=_is_of(bool))
    """Account data have the keys of a large account as well: day trades, Regulation T, and those of segments."""

    ledger_prefix: bool = attrs.field(default=False, validator=_is_of(bool))
    """In summaries the keys of the ledger begin with ``$LEDGER-``: a setting of TWS from 10.47 on."""

    summary_twice: bool = attrs.field(default=False, validator=_is_of(bool))
    """A summary with tags and ``$LEDGER:ALL`` of a single account says all twice, with two ends, as was recorded."""

    shared_account_data: bool = attrs.field(default=False, validator=_is_of(bool))
    """All clients have to subscribe to one account; who wants another gets 2101."""

    seed: int = attrs.field(default=1, validator=_whole(0))
    """What prices and sizes are drawn from: the same seed and time, the same prices."""

    tick_seconds: float = attrs.field(default=0.25, validator=_is_pace)
    """The time from one change to the next of a stream of market data; 0: nothing changes after its opening."""

    market_data_seconds: float = attrs.field(default=0.0, validator=_is_duration)
    """How long after a request its first ticks come, and after its cancel still some. About 0.3 in a real one."""

    market_data_subscribed: bool = attrs.field(default=True, validator=_is_of(bool))
    """Off: market data are refused with error 354, or delayed for who has asked for such."""

    market_data_unsubscribed: frozenset[str] = attrs.field(default=frozenset(), converter=_words, validator=_are_texts)
    """What is not subscribed though the rest is: farms, security types and primary exchanges, such as ``usfuture``,
    ``OPT`` or ``NASDAQ``."""

    delayed_data: bool = attrs.field(default=True, validator=_is_of(bool))
    """Off: of what is not subscribed there are no delayed data either, and error 10168 says so."""

    depth_unsubscribed: frozenset[str] = attrs.field(default=frozenset(), converter=_words, validator=_are_texts)
    """Exchanges whose books are not subscribed: of each, a book put together of several has its best row alone."""

    us_stocks_in_lots: bool = attrs.field(default=False, validator=_is_of(bool))
    """Sizes and volumes of US stocks are in round lots, at every server version: a box in the API settings of TWS."""

    competing_session: bool = attrs.field(default=False, validator=_is_of(bool))
    """Somebody else is logged in with the same user and has the market data: error 10197."""

    tick_by_tick_seconds: float = attrs.field(default=15.0, validator=_is_duration)
    """How long after a tick-by-tick request there may be no other for the same instrument; then error 10190."""

    messages_per_second: int = attrs.field(default=0, validator=_whole(0))
    """How many messages a client may send in a second; 0: any number. A real TWS allows half as many as it has lines
    of market data, 50."""

    rejects_above_rate: bool = attrs.field(default=True, validator=_is_of(bool))
    """What happens to more: error 100, and the third time the end of the connection. Off: they are taken later."""

    lines: int = attrs.field(default=100, validator=_whole(0))
    """How many streams of market data all clients together may have open; one more gets error 101. What there may be of
    tick-by-tick streams and of books goes by it as well: 5 %, and 3 up to 399 lines, then one for 100, at most 60."""

    bar_times: BarTimes = attrs.field(default=BarTimes.INSTRUMENT, validator=_is_of(BarTimes))
    """Which clock the times of bars show."""

    historical_pacing: bool = attrs.field(default=True, validator=_is_of(bool))
    """Off: history may be asked for as often as one likes, and many queries may be open."""

    historical_seconds: float = attrs.field(default=0.0, validator=_is_duration)
    """How long history takes to answer. A real TWS takes 0.3 to 3 s."""

    news_providers: tuple[str, ...] = _FREE_NEWS
    """Whose news the user may read through the API: the three that are free, by default."""

    wsh_licensed: bool = attrs.field(default=False, validator=_is_of(bool))
    """Whether the user has the calendar of Wall Street Horizon; otherwise its requests get 10276."""

    advisor_groups: tuple[AdvisorGroup, ...] = attrs.field(default=(), validator=_are_groups)
    """The groups of an advisor, until a client replaces them. Who has no account F... or DF... is no advisor."""

    progress: Progress = attrs.field(default=Progress.BY_MARKET, validator=_is_of(Progress))
    """What moves orders on once they are accepted."""

    price_model: PriceModel = attrs.field(default=SEEDED, validator=_is_of(PriceModel))
    """How prices move: as the seed has it, not at all (``FLAT``), or where a ``Path`` says."""

    pieces: Pieces = attrs.field(default=Pieces.WHOLE, validator=_is_of(Pieces))
    """How much of an order is filled at one time."""

    latency: Latency = attrs.field(default=Latency(), validator=_is_of(Latency))
    """How long things take with orders."""

    habits: Habits = attrs.field(default=Habits(), validator=_is_of(Habits))
    """What is said of orders in one way or another."""

    hard_to_borrow: frozenset[str] = attrs.field(default=frozenset(), converter=_words, validator=_are_texts)
    """Symbols of which a short sale is held, with error 404, until `Hands.locate` finds shares."""

    master_client: int | None = attrs.field(default=None, validator=_whole(0, optional=True))
    """The id of the client that is told of the orders of all clients. None: nobody is."""

    epoch_at_zero: datetime | None = attrs.field(default=None, validator=_is_aware)
    """The time at ``now`` 0. None: whoever runs the world sets its clock (`World.set_clock`)."""

    starts_at: datetime | None = attrs.field(default=None, validator=_is_aware)
    """The time when it begins to be served; from then on its clock goes on. None: that of this machine. `EPOCH`, of
    `anytws.simulator.settings`, is a Monday at the opening bell of New York."""

    utc_offset: timedelta = timedelta(0)
    """How far the clock on its wall is ahead of UTC. Only the connection time shows it."""

    zone: str = "UTC"
    """What it calls its time zone. Free text, as in the real one; empty for none."""

    connection_time: bytes | None = attrs.field(default=None, validator=_is_of(bytes, optional=True))
    """The whole connection time, as it stands on the wire. None: made from the clock and the zone."""

    memory: int = attrs.field(default=10_000, validator=_whole(1))
    """How many messages, events and ended links are remembered for those who look; the oldest go first."""

    memory_bytes: int = attrs.field(default=MOST_BYTES, validator=_whole(1))
    """How many bytes all of these may keep together: a quarter what was heard, a quarter the links that are over, and
    half those that are open, in equal shares for ``max_clients`` of them. The newest of each stays however large it
    is, which is one frame (``limits``) of each open link and two of those that are over."""

    limits: Limits = attrs.field(default=DEFAULT_LIMITS, validator=_is_of(Limits))
    """The most that is taken from a client."""

    @property
    def wall_zone(self) -> timezone:
        """The time zone of its wall clock."""
        return timezone(self.utc_offset)

    def __attrs_post_init__(self) -> None:
        """Have TWS say, to nobody, all that these settings may make it say: what cannot be said is no setting."""
        newest = max(self.server_version, MIN_VERSION)
        if self.accounts != _USUAL_ACCOUNTS:
            wanted = "a tuple of names, none of them empty or with a comma"
            prove("accounts", self.accounts, wanted, lambda: say_messages([ManagedAccounts(self.accounts)], newest))
        if self.first_order_id != 1:
            wanted = "a whole number of 32 bits, and not the largest of them"
            first = [NextValidId(self.first_order_id)]
            prove("first_order_id", self.first_order_id, wanted, lambda: say_messages(first, newest))
        if self.opening != USUAL_OPENING:
            wanted = "a tuple of members of Opening, or of messages that this TWS can say"
            prove("opening", self.opening, wanted, lambda: say_messages(_messages_in(self.opening), newest))
        if self.farms != USUAL_FARMS:
            wanted = "a tuple of Farm, each with a name that can be said"
            prove("farms", self.farms, wanted, lambda: say_messages(_notices_of(self.farms), newest))
        if self.positions is not USUAL_POSITIONS:
            wanted = "a tuple of Holding, each of another symbol, with a quantity that can be said"
            prove("positions", self.positions, wanted, lambda: say_messages(_rows_of(self.positions), newest))
        if self.news_providers != _FREE_NEWS:
            wanted = "a tuple of codes that can be said, none of them empty, with a + or with a $"
            prove("news_providers", self.news_providers, wanted, lambda: _say_providers(self.news_providers, newest))
        if self.advisor_groups:
            wanted = "groups with names that can be said, each another"
            prove("advisor_groups", self.advisor_groups, wanted, lambda: _say_groups(self.advisor_groups, newest))
        if self.redirect is not None:
            wanted = "a host and a port, which may be None"
            prove("redirect", self.redirect, wanted, functools.partial(say_redirect, self.redirect))
        self._prove_clock(newest)

    def _prove_clock(self, newest: int) -> None:
        prove("utc_offset", self.utc_offset, "a timedelta of less than a day", lambda: self.wall_zone)
        prove("zone", self.zone, "a text without NUL", lambda: self._say_version(newest, EPOCH))
        said = self.connection_time
        if said is not None:
            prove("connection_time", said, "bytes without NUL", lambda: say_version(newest, said))
        for name, epoch in (("epoch_at_zero", self.epoch_at_zero), ("starts_at", self.starts_at)):
            if epoch is not None:
                wanted = f"a time that stays within the years 1 to 9999 for {MOST_SECONDS:g} s, in UTC and on the wall"
                prove(name, epoch, wanted, functools.partial(self._say_clock, epoch, newest))

    def _say_clock(self, epoch: datetime, newest: int) -> None:
        for seconds in (0.0, MOST_SECONDS):
            time = epoch.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=seconds)
            say_messages([CurrentTime(time), ErrorMessage(None, 0, "", error_time=time)], newest)
            self._say_version(newest, time)

    def _say_version(self, version: int, time: datetime) -> None:
        say_version(version, write_connection_time(time.astimezone(self.wall_zone), self.zone))


def notice_of(farm: Farm, time: datetime = EPOCH) -> ErrorMessage:
    """Give the notice that *farm* is connected, as TWS says it at *time*."""
    return ErrorMessage(None, farm.kind.code, f"{farm.kind.text}:{farm.name}", error_time=time)


def _messages_in(opening: object) -> list[Any]:
    if not isinstance(opening, tuple):
        raise TypeError(f"its type is {type(opening).__name__}")
    return [item for item in opening if not isinstance(item, Opening)]


def _rows_of(positions: object) -> list[PositionMulti]:
    if not isinstance(positions, tuple):
        raise TypeError(f"its type is {type(positions).__name__}")
    rows = []
    for holding in positions:
        if not isinstance(holding, Holding) or type(holding.quantity) is not Decimal:
            raise TypeError(f"{shown(holding)} is no holding of a Decimal quantity")
        # Written so that it refuses nan as well: that compares with nothing.
        if not abs(holding.quantity) <= _MOST_HELD or not 0 <= holding.average_cost <= _MOST_HELD:
            raise ValueError(f"{shown(holding)} is out of all proportion")
        if not holding.symbol:
            raise ValueError("one has no symbol")
        contract = Contract(symbol=holding.symbol)
        rows.append(PositionMulti(1, "", contract, holding.quantity, holding.average_cost))
    if len({holding.symbol for holding in positions}) < len(positions):
        raise ValueError("two are of the same symbol")
    return rows


def _notices_of(farms: object) -> list[ErrorMessage]:
    if not isinstance(farms, tuple):
        raise TypeError(f"its type is {type(farms).__name__}")
    for farm in farms:
        # A farm checks nothing itself, and a kind of somebody's own has no code.
        if not isinstance(farm, Farm) or [type(value) for value in attrs.astuple(farm)] != [FarmKind, str]:
            raise TypeError(f"{shown(farm)} is no farm")
    return [notice_of(farm) for farm in farms]


def _say_providers(codes: object, newest: int) -> None:
    if not isinstance(codes, tuple):
        raise TypeError(f"its type is {type(codes).__name__}")
    for code in codes:
        if not isinstance(code, str) or not code or set(code) & set("+$"):
            raise ValueError(f"{shown(code)} is no code")
    say_messages([NewsProviders(tuple(NewsProvider(code, code) for code in codes))], newest)


def _say_groups(groups: tuple[AdvisorGroup, ...], newest: int) -> None:
    if len({group.name for group in groups}) < len(groups):
        raise ValueError("two have one name")
    say_messages([ReceiveFA(FADataType.GROUPS, groups_document(groups))], newest)
