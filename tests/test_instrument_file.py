"""Instruments of one's own from a file, and what is said of one that is not in order."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from anytws.messages import Right, SecurityType
from anytws.simulator.universe.catalogue import Catalogue, smallest
from anytws.simulator.universe.file import read_catalogue, read_instruments, usual_catalogue
from anytws.simulator.universe.futures import LAST_TRADES
from anytws.simulator.universe.holidays import CALENDARS
from anytws.simulator.universe.instrument import PriceStep
from anytws.simulator.universe.options import RULES
from anytws.simulator.universe.outline import OWN_IDS
from anytws.simulator.universe.universe import usual_universe

ACME = '[[instrument]]\nlike = "us_stock"\nsymbol = "ACME"\nprice = 42\n'

OPTIONS = '[[option_class]]\nlike = "us_option"\nunderlying_contract_id = 8314\n'
FUTURES = '[[future_family]]\nlike = "future"\nsymbol = "X"\nprice = 1\n'

WHOLE = """
[exchanges]
acme_venues = ["SMART", "NYSE", "ARCA"]

[order_types]
few = ["LMT", "MKT"]

[market_rules]
98500 = [[0, 0.01], [10, 0.05]]

[farms.acme]
market = "acmefarm"
history = "acmehmds"

[hours.acme]
zone = "Europe/Berlin"
calendar = "us_stock"
trading = ["-1 1800-0200", "0800-1800"]
liquid = ["0930-1600"]
half_trading = ["0800-1400"]
half_liquid = ["0930-1300"]
weekdays = [1, 2, 3, 4, 5, 6]

[like.acme]
security_type = "STK"
currency = "USD"
exchanges = "acme_venues"
order_types = "few"
market_rule = [98500, 26, 26]
min_tick = 0.01
hours = "acme"
farm = "acme"

[[instrument]]
like = "acme"
contract_id = 123456
symbol = "ACME"
long_name = "ACME CORP"
security_ids = { ISIN = "US0000000001" }
price = 42.5
annual_volatility = 0.3
derivatives = ["OPT"]

[[instrument]]
like = "acme"
symbol = "ACM2"
security_type = "OPT"
multiplier = 100
last_trade_date = 2027-01-15
strike = 40
right = "P"
price = 1.5

[[option_class]]
like = "us_option"
underlying_contract_id = 123456
rule = "weekly"
strikes = [[20, 60, 2.5]]

[[future_family]]
like = "future"
symbol = "ACF"
underlying_contract_id = 123456
months = [3, 9]
listed = 2
last_trade = "third_last"
price = 43
"""


def test_an_instrument_needs_a_symbol_and_a_price() -> None:
    (instrument,) = read_instruments(ACME)
    assert (instrument.contract.symbol, instrument.nature.price) == ("ACME", Decimal(42))
    assert instrument.contract.trading_class == "NMS"
    assert OWN_IDS <= instrument.contract_id < OWN_IDS + 10_000_000
    # The number is made of the names, and is the same wherever the file is read.
    assert instrument.contract_id == read_instruments(ACME)[0].contract_id == 987242550


def test_all_tables_of_a_file_are_read() -> None:
    stock, option = read_instruments(WHOLE)
    assert stock.exchanges == ("SMART", "NYSE", "ARCA")
    assert stock.steps == (PriceStep(Decimal(0), Decimal("0.01")), PriceStep(Decimal(10), Decimal("0.05")))
    assert stock.details.market_rule_ids == ("98500", "26", "26")
    assert (stock.market_farm, stock.historical_farm) == ("acmefarm", "acmehmds")
    assert stock.derivatives == (SecurityType.OPTION,)
    assert [len(stock.hours.of_day(date(2026, 10, day), liquid=False)) for day in (2, 3, 4)] == [2, 2, 0]
    assert (option.strike, option.is_call, option.contract.right) == (Decimal(40), False, Right.PUT)
    assert option.last_day == date(2027, 1, 15)
    assert option.expires_at == option.hours.of_day(date(2027, 1, 15), liquid=False)[-1].end


def test_the_page_tells_of_a_file_that_can_be_read() -> None:
    page = (Path(__file__).parents[1] / "docs" / "simulator_instruments.md").read_text(encoding="utf-8")
    example = page.split("```toml\n")[1].split("```")[0]
    universe = usual_universe().with_file(example)
    assert universe.by_symbol("ACME").details.long_name == "ACME CORP"
    assert [each.name for each in universe.chain(265598)] == ["AAPL", "2AAPL", "AAPLX"]
    for names in (usual_catalogue().kinds, RULES, LAST_TRADES, CALENDARS):
        assert all(f"`{name}`" in page for name in names)


def test_chains_and_families_come_with_it() -> None:
    universe = usual_universe().with_file(WHOLE)
    (option_class,) = universe.chain(123456)
    assert (option_class.name, len(option_class.strikes)) == ("ACME", 17)
    number = option_class.id_of((date(2026, 12, 18), Decimal("42.5"), True))
    option = universe.by_id(number)
    assert option is not None
    assert option.contract.local_symbol == "ACME  261218C00042500"
    assert option.details.long_name == "ACME CORP"
    front = universe.by_symbol("ACF")
    assert front.contract.local_symbol == "ACFH6"
    assert universe.by_id(front.contract_id) is front
    # What was there before has the numbers that it had.
    assert usual_universe().by_id(number) is None


def test_a_rule_that_is_not_named_is_that_of_the_smallest_step() -> None:
    own = (
        '[[instrument]]\nsymbol = "X"\nsecurity_type = "STK"\ncurrency = "USD"\nexchanges = ["SMART"]\n'
        'hours = "us_stock"\nprice = 1\n'
    )
    (known,) = read_catalogue(f"{own}min_tick = 0.25\n", usual_catalogue()).instruments
    assert known.details.market_rule_ids == ("67",)
    (new,) = read_catalogue(f"{own}min_tick = 0.3\n", usual_catalogue()).instruments
    assert (new.details.market_rule_ids, new.tick) == (("98000",), Decimal("0.3"))
    assert smallest(new.steps) == Decimal("0.3")
    assert Catalogue().rule_for(new.steps) == 98_000


def test_bonds_and_options_have_their_days() -> None:
    bond, warrant = read_instruments(
        '[[instrument]]\nlike = "bond"\nsymbol = "B"\nmaturity = "20300101"\ncoupon = 2.5\nprice = 99\n'
        '[[instrument]]\nlike = "warrant"\nsymbol = "W"\nlast_trade_date = "20270115"\nstrike = 1\nright = "C"\n'
        "price = 1\n"
    )
    assert (bond.details.maturity, bond.details.coupon, bond.last_day) == ("20300101", 2.5, date(2030, 1, 1))
    # A price of 1 per cent of 1,000.
    assert bond.multiplier == 10
    # New Year's Day has no session: it is over with its day.
    assert bond.expires_at is not None
    assert warrant.details.real_expiration_date == "20270115"


@pytest.mark.parametrize(
    "text, told",
    [
        ("[[instrument", "this is not TOML"),
        ("instrument = 1", "a file of instruments: instrument: a list of tables was wanted, and 1 was found"),
        ("instrument = [1]", "instrument: a list of tables was wanted"),
        ("instruments = []", "'instruments' is not a key of it; is 'instrument' meant?"),
        ("zebra = 1", "'zebra' is not a key of it; there are exchanges"),
        (ACME.replace("42", '"much"'), "instrument 1 (ACME): price: a number above zero was wanted, and 'much' was"),
        (ACME.replace("42", "-1"), "price: a number above zero was wanted, and -1 was found"),
        (ACME.replace("42", "nan"), "price: a number above zero was wanted"),
        (ACME.replace("42", "true"), "price: a number above zero was wanted"),
        (ACME.replace("price = 42", ""), "price: a number above zero was wanted, and it is not there"),
        (ACME.replace('symbol = "ACME"', ""), "instrument 1: symbol: a text was wanted, and it is not there"),
        (ACME.replace('"ACME"', "7"), "symbol: a text was wanted, and 7 was found"),
        (ACME.replace("us_stock", "us_stick"), "like: one of 'us_stock', 'xetra_stock'"),
        (f"{ACME}pirce = 1", "'pirce' is not a key of it; is 'price' meant?"),
        (f'{ACME}hours = "never"', "hours: one of 'us_stock'"),
        (f'{ACME}exchanges = "us_stocks"', "exchanges: a list of texts, or the name of one (us_stock,"),
        (f"{ACME}exchanges = []", "exchanges: a list of texts"),
        (f'{ACME}exchanges = ["A", "A"]', "exchanges: a list of texts"),
        (f'{ACME}exchanges = ["A,B"]', "exchanges: a list of texts"),
        (f"{ACME}exchanges = [1]", "exchanges: a list of texts"),
        (f"{ACME}market_rule = 7", "market_rule: the number of a market rule, or a list of 27 of them"),
        (f"{ACME}market_rule = [26]", "market_rule: the number of a market rule"),
        (f"{ACME}lot = 0", "lot: a whole number of at least 1 was wanted, and 0 was found"),
        (f"{ACME}lot = 1.5", "lot: a whole number of at least 1 was wanted, and '1.5' was found"),
        (f"{ACME}annual_volatility = -1", "annual_volatility: a number of at least zero"),
        (f'{ACME}derivatives = ["XXX"]', "derivatives: a list of STK, OPT"),
        (f"{ACME}fund_closed = 1", "fund_closed: true or false was wanted, and 1 was found"),
        (f"{ACME}security_ids = {{ ISIN = 1 }}", "security_ids: a table of texts"),
        (f'{ACME}security_type = "BOND"', "maturity: a day such as '20261218' was wanted, and it is not there"),
        (f'{ACME}security_type = "BOND"\nmaturity = "2026-12"', "maturity: a day"),
        (f'{ACME}security_type = "BOND"\nmaturity = "20261301"', "maturity: a day"),
        (f'{ACME}security_type = "OPT"\nstrike = 1', "right: one of 'C', 'P'"),
        (f'{ACME}last_trade_date = "20261218"\nlast_trade_time = "noon"', "last_trade_time: a time such as"),
        ("[exchanges]\nx = 1", "[exchanges]: x: a list of texts was wanted, and 1 was found"),
        ("exchanges = 1", "exchanges: a table was wanted"),
        ("[market_rules]\nx = [[0, 1]]", "[market_rules]: x: a whole number for a name was wanted"),
        ("[market_rules]\n9 = [[1, 1]]", "[market_rules]: 9: a list of [from, step] that goes up from 0"),
        ("[market_rules]\n9 = [[0, 0]]", "[market_rules]: 9: a list"),
        ("[market_rules]\n9 = [[0]]", "[market_rules]: 9: a list"),
        ("[market_rules]\n9 = 1", "[market_rules]: 9: a list"),
        ("hours = { x = 1 }", "hours: a table of tables"),
        ('[hours.x]\nzone = "Nowhere"\ntrading = ["0930-1600"]', "[hours.x]: zone: the name of a zone"),
        ('[hours.x]\nzone = "MET"\ntrading = ["930-1600"]', "trading: a list of sessions such as"),
        ('[hours.x]\nzone = "MET"\ntrading = ["1600-0930"]', "trading: a list of sessions"),
        ('[hours.x]\nzone = "MET"\ntrading = []', "trading: a list of sessions"),
        ('[hours.x]\nzone = "MET"\ntrading = ["0930-1600"]\nweekdays = [0]', "weekdays: a list of days of the week"),
        ('[hours.x]\nzone = "MET"\ntrading = ["0930-1600"]\ncalendar = "x"', "calendar: one of 'never'"),
        ('[hours.x]\nzone = "MET"\ntrading = ["0930-1600"]\nopen = 1', "'open' is not a key of it"),
        ("[farms.x]\nmarket = 1", "[farms.x]: market: a text"),
        ("[[option_class]]\nunderlying_contract_id = 1", "underlying_contract_id: the contract id of an instrument"),
        ('[[option_class]]\nfamily = "XX"', "family: one of 'ES'"),
        (OPTIONS + "strikes = [[1, 1000, 0.01]]", "strikes: a list"),
        (OPTIONS + "strikes = []", "strikes: a list of [from"),
        (FUTURES + 'last_trade = "never"', "last_trade: one of"),
        (FUTURES + "months = [13]", "months: a list of months"),
        (
            FUTURES + 'last_trade = "third_last"\nknown = [{month = "1"}]',
            "future_family 1 (X), known 1: month: a month such as '202612'",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_what_was_wanted(text: str, told: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is what is looked at)
        read_instruments(text)
    assert told in str(caught.value)


def test_there_are_so_many_classes_and_families_and_no_more() -> None:
    row = OPTIONS + "strikes = [[1, 2, 1]]\n"
    with pytest.raises(ValueError, match="at most 34 classes of options"):
        read_instruments(row * 40)
    row = FUTURES + 'last_trade = "third_last"\n'
    with pytest.raises(ValueError, match="at most 100 families"):
        read_instruments(row * 101)


def test_a_long_value_is_cut_in_a_complaint() -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        read_instruments(ACME.replace("42", f'"{"x" * 1000}"'))
    assert len(str(caught.value)) < 200
