"""Market scanners: lists of contracts that rank highest by some measure."""

from __future__ import annotations

from anytws.messages.base import Asks, Streams, TagValue, ToClient, ToTws, message, record
from anytws.messages.contract import Contract
from anytws.messages.enumerations import Word


class ScannerInstrument(Word):
    """What sort of instrument a scanner looks through. `ScannerParameters` has the list that holds."""

    STOCK_US = "STK"
    STOCK_NORTH_AMERICA = "STOCK.NA"
    """Stocks of America outside of the United States."""
    STOCK_EUROPE = "STOCK.EU"
    STOCK_ASIA = "STOCK.HK"
    STOCK_MIDDLE_EAST = "STOCK.ME"
    ETF_EQUITY_US = "ETF.EQ.US"
    ETF_FIXED_INCOME_US = "ETF.FI.US"
    FUND = "FUND.ALL"
    BOND = "BOND"
    FUTURE_US = "FUT.US"
    FUTURE_NORTH_AMERICA = "FUT.NA"
    FUTURE_EUROPE = "FUT.EU"
    FUTURE_ASIA = "FUT.HK"
    INDEX_US = "IND.US"
    INDEX_EUROPE = "IND.EU"
    INDEX_ASIA = "IND.HK"
    STOCK_LOAN_US = "SLB.US"
    PMONITOR = "PMONITOR"
    PMONITORM = "PMONITORM"
    NATIVE_COMBO = "NATCOMB"
    """Combinations that an exchange lists as such."""


@message
class ScannerParameters(ToClient):
    """All that a scanner can look for."""

    xml: str
    """A document of some megabytes: instruments, locations, scan codes and filters."""


@message
class ScannerParametersRequest(Asks[ScannerParameters]):
    """Ask what a scanner can look for."""


@record
class ScannerSubscription:
    """What a scanner looks for. The codes are in `ScannerParameters`; None and empty are no condition."""

    number_of_rows: int = -1
    """The most rows wanted, 50 being what TWS gives at most; -1 leaves it to TWS."""
    instrument: ScannerInstrument | None = None
    """What sort of instrument to look through. TWS wants one."""
    location_code: str = ""
    """Where, such as ``STK.US.MAJOR``."""
    scan_code: str = ""
    """The measure to rank by, such as ``TOP_PERC_GAIN``."""
    above_price: float | None = None
    """The lowest price, in the currency of the instruments."""
    below_price: float | None = None
    """The highest price."""
    above_volume: int | None = None
    """Volume of the day; in text up to 2147483646."""
    market_cap_above: float | None = None
    """The smallest value of the whole company; in millions by the vendor's manual, which was not tried."""
    market_cap_below: float | None = None
    """The largest value of the whole company, as ``market_cap_above``."""
    moody_rating_above: str = ""
    """The worst rating by Moody's, such as ``BAA3``."""
    moody_rating_below: str = ""
    """The best rating by Moody's."""
    sp_rating_above: str = ""
    """Rating by Standard & Poor's."""
    sp_rating_below: str = ""
    """The best rating by Standard & Poor's."""
    maturity_date_above: str = ""
    """``YYYYMMDD``, of bonds."""
    maturity_date_below: str = ""
    """The last maturity, ``YYYYMMDD``, of bonds."""
    coupon_rate_above: float | None = None
    """Percent a year."""
    coupon_rate_below: float | None = None
    """The highest coupon, in per cent a year."""
    exclude_convertible: bool = False
    """Whether to leave out convertible bonds."""
    average_option_volume_above: int | None = None
    """In text up to 2147483646."""
    scanner_setting_pairs: str = ""
    """Settings of a scan code, such as ``Annual,true``."""
    stock_type_filter: str = ""
    """``ALL``, ``STOCK`` or ``ETF``."""
    filter_options: tuple[TagValue, ...] = ()
    """Further filters by the codes in `ScannerParameters`, such as ``marketCapAbove1e6``."""
    options: tuple[TagValue, ...] = ()
    """The vendor's switches, normally none."""


@record
class ScannerDataElement:
    """One row of a scanner's result."""

    rank: int = 0
    """The place in the ranking: 0 is the first."""
    contract: Contract = Contract()
    """What was found."""
    market_name: str = ""
    """The market that it is traded in, mostly its trading class."""
    distance: str = ""
    """What this and the next two mean depends on the scan code; mostly empty."""
    benchmark: str = ""
    """As ``distance``."""
    projection: str = ""
    """As ``distance``."""
    combo_key: str = ""
    """The legs of a combination, ``contract id|ratio`` with commas between them: ``738758309|1,738758426|-1``."""


@message
class ScannerData(ToClient):
    """The whole result of a scan; the next one takes its place."""

    request_id: int
    """The request that it answers, by its number."""
    elements: tuple[ScannerDataElement, ...] = ()
    """By rank; empty where nothing was found."""


@message
class ScannerSubscriptionRequest(Streams[ScannerData]):
    """Subscribe to a scanner: `ScannerData` comes now, and again whenever TWS has scanned anew."""

    subscription: ScannerSubscription
    """What to look for."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class CancelScannerSubscription(ToTws):
    """End the subscription of `ScannerSubscriptionRequest`."""

    request_id: int
    """The number of the request that it ends."""
