"""The words with which the instruments that the simulated TWS knows are described, in the format of one's own files.

Names, venues, order types, rules and hours are those of real TWSs, read in recordings of 2026, unless a comment says
otherwise. Invented is every market rule from 99001 on, and of what kinds have in common: `annual_volatility`,
`spread_ticks`, `day_volume`, `trades_per_minute`.
"""

from __future__ import annotations

from typing import Final

WORDS: Final = """
# Where things are traded, in the order of validExchanges.
[exchanges]
us_stock = [
    "SMART", "AMEX", "NYSE", "CBOE", "PHLX", "ISE", "CHX", "ARCA", "NASDAQ", "DRCTEDGE", "BEX", "BATS", "EDGEA",
    "BYX", "IEX", "EDGX", "FOXRIVER", "PEARL", "NYSENAT", "LTSE", "MEMX", "IBEOS", "OVERNIGHT", "TPLUS0", "PSX",
    "T24X", "TXSE",
]
us_option = [
    "SMART", "AMEX", "CBOE", "PHLX", "PSE", "ISE", "BOX", "BATS", "NASDAQOM", "CBOE2", "NASDAQBX", "MIAX", "GEMINI",
    "EDGX", "MERCURY", "PEARL", "EMERALD", "MEMX", "IBUSOPT", "SAPPHIRE", "MX2",
]
es = ["CME", "QBALGO"]
cme = ["CME"]
nymex = ["NYMEX", "QBALGO"]
comex = ["COMEX", "QBALGO"]
cbot = ["CBOT", "QBALGO"]
cboe = ["CBOE"]
paxos = ["PAXOS"]
smart = ["SMART"]
cfd = ["SMART", "OVERNIGHT"]
fund = ["FUNDSERV"]
tokyo = ["SMART", "TSEJ", "JPNNEXT"]
xetra = [
    "SMART", "FWB", "IBIS", "VSE", "SWB", "CHIXDE", "TRQXDE", "BATEDE", "TGATE", "GETTEX", "DXEDE", "TGHEDE",
    "EUIBSI", "AQEUDE",
]
london = ["SMART", "LSE", "CHIXUK", "BATEUK", "TRQXUK"]
eurex_index = ["EUREX"]
nasdaq_index = ["NASDAQ"]
sehk = ["SEHK"]
spx_option = ["SMART", "CBOE", "IBUSOPT"]
forex = ["IDEALPRO"]
us_option_adjusted = [
    "SMART", "AMEX", "CBOE", "PHLX", "PSE", "ISE", "BOX", "BATS", "NASDAQOM", "CBOE2", "NASDAQBX", "MIAX", "GEMINI",
    "EDGX", "MERCURY", "PEARL", "EMERALD", "MEMX", "SAPPHIRE", "MX2",
]

# What may be ordered: capability words of the details.
[order_types]
us_stock_smart = [
    "ACTIVETIM", "AD", "ADDONT", "ADJUST", "ALERT", "ALGO", "ALLOC", "AON", "AVGCOST", "BASKET", "BENCHPX",
    "CASHQTY", "COND", "CONDORDER", "DARKONLY", "DARKPOLL", "DAY", "DEACT", "DEACTDIS", "DEACTEOD", "DIS", "DUR",
    "GAT", "GTC", "GTD", "GTT", "HID", "IBKRATS", "ICE", "IMB", "IOC", "LIT", "LMT", "LOC", "MIDPX", "MIT", "MKT",
    "MOC", "MTL", "NGCOMB", "NODARK", "NONALGO", "OCA", "OPG", "OPGREROUT", "PEGBENCH", "PEGMID", "POSTATS",
    "POSTONLY", "PREOPGRTH", "PRICECHK", "REL", "REL2MID", "RELPCTOFS", "RPI", "RTH", "SCALE", "SCALEODD",
    "SCALERST", "SIZECHK", "SNAPMID", "SNAPMKT", "SNAPREL", "STP", "STPLMT", "SWEEP", "TRAIL", "TRAILLIT",
    "TRAILLMT", "TRAILMIT", "WHATIF",
]
us_option = [
    "ACTIVETIM", "AD", "ADJUST", "ALERT", "ALGO", "ALLOC", "AON", "AVGCOST", "BASKET", "COND", "CONDORDER", "DAY",
    "DEACT", "DEACTDIS", "DEACTEOD", "DIS", "FOK", "GAT", "GTC", "GTD", "GTT", "HID", "ICE", "IOC", "LIT", "LMT",
    "MIT", "MKT", "MTL", "NGCOMB", "NONALGO", "OCA", "OPENCLOSE", "PAON", "PEGMIDVOL", "PEGMKTVOL", "PEGPRMVOL",
    "PEGSRFVOL", "POSTONLY", "PRICECHK", "REL", "RELPCTOFS", "RELSTK", "SCALE", "SCALERST", "SIZECHK", "SNAPMID",
    "SNAPMKT", "SNAPREL", "STP", "STPLMT", "TRAIL", "TRAILLIT", "TRAILLMT", "TRAILMIT", "VOLAT", "WHATIF",
]
future = [
    "ACTIVETIM", "AD", "ADJUST", "ALERT", "ALGO", "ALLOC", "AVGCOST", "BASKET", "BENCHPX", "COND", "CONDORDER",
    "DAY", "DEACT", "DEACTDIS", "DEACTEOD", "GAT", "GTC", "GTD", "GTT", "HID", "ICE", "IOC", "LIT", "LMT", "LTH",
    "MIT", "MKT", "MTL", "NGCOMB", "NONALGO", "OCA", "PEGBENCH", "SCALE", "SCALERST", "SNAPMID", "SNAPMKT",
    "SNAPREL", "STP", "STPLMT", "TRAIL", "TRAILLIT", "TRAILLMT", "TRAILMIT", "WHATIF",
]
forex = [
    "ACTIVETIM", "AD", "ADJUST", "ALERT", "ALGO", "ALLOC", "AVGCOST", "BASKET", "BENCHPX", "CASHQTY", "COND",
    "CONDORDER", "DAY", "DEACT", "DEACTDIS", "DEACTEOD", "GAT", "GTC", "GTD", "GTT", "HID", "IOC", "LIT", "LMT",
    "MIT", "MKT", "NONALGO", "OCA", "REL", "RELPCTOFS", "SCALE", "SCALERST", "STP", "STPLMT", "TRAIL", "TRAILLIT",
    "TRAILLMT", "TRAILMIT", "WHATIF",
]
fund = [
    "AD", "ALERT", "ALLOC", "BASKET", "DAY", "DEACT", "DEACTDIS", "FUNDSWAP", "MKT", "NONALGO", "WHATIF",
]
bond = [
    "ACTIVETIM", "AD", "ADJUST", "ALERT", "ALLOC", "AON", "AVGCOST", "BASKET", "BENCHPX", "CONDORDER", "DAY",
    "DEACT", "DEACTDIS", "DEACTEOD", "EVRULE", "GAT", "GTC", "GTD", "GTT", "HID", "IBKRATS", "IOC", "LMT", "MKT",
    "NONALGO", "NONFIRMQT", "OCA", "ODDPOSCLS", "PAON", "RFQ", "RTH", "SCALE", "SCALERST", "WHATIF",
]
index = [
    "ACTIVETIM", "AD", "ADJUST", "ALERT", "ALLOC", "BASKET", "BENCHPX", "COND", "CONDORDER", "DAY", "DEACT",
    "DEACTDIS", "DEACTEOD", "GAT", "GTC", "GTD", "GTT", "HID", "LMT", "NONALGO", "OCA", "SCALE", "SCALERST",
    "WHATIF",
]
crypto = [
    "AD", "ADJUST", "ALERT", "ALLOC", "BASKET", "BENCHPX", "CASHQTY", "COND", "DAY", "DEACT", "DEACTDIS",
    "DEACTEOD", "GAT", "GTC", "GTD", "GTT", "IOC", "LMT", "MKT", "NMIN", "NONALGO", "WHATIF",
]
cfd_share = [
    "ACTIVETIM", "AD", "ADDONT", "ADJUST", "ALERT", "ALGO", "ALLOC", "AON", "AVGCOST", "BASKET", "BENCHPX", "COND",
    "CONDORDER", "DARKPOLL", "DAY", "DEACT", "DEACTDIS", "DEACTEOD", "DIS", "DUR", "GAT", "GTC", "GTD", "GTT",
    "HID", "ICE", "IMB", "IOC", "LIT", "LMT", "LOC", "MIT", "MKT", "MOC", "MTL", "NGCOMB", "NONALGO", "OCA", "OPG",
    "OPGREROUT", "PEGBENCH", "POSTATS", "POSTONLY", "PREOPGRTH", "PRICECHK", "REL", "REL2MID", "RELPCTOFS", "RPI",
    "RTH", "SCALE", "SCALEODD", "SCALERST", "SIZECHK", "SNAPMID", "SNAPMKT", "SNAPREL", "STP", "STPLMT", "SWEEP",
    "TRAIL", "TRAILLIT", "TRAILLMT", "TRAILMIT", "USESTKMD", "WHATIF",
]
metal = [
    "ACTIVETIM", "AD", "ADJUST", "ALERT", "ALLOC", "BASKET", "COND", "CONDORDER", "DAY", "DEACT", "DEACTDIS",
    "DEACTEOD", "GAT", "GTC", "GTD", "GTT", "HID", "IOC", "LIT", "LMT", "MIT", "MKT", "NGCOMB", "NONALGO", "OCA",
    "PEGBENCH", "REL", "RELPCTOFS", "SCALE", "SCALERST", "STP", "STPLMT", "TRAIL", "TRAILLIT", "TRAILLMT",
    "TRAILMIT", "WHATIF",
]
future_option = [
    "ACTIVETIM", "AD", "ADJUST", "ALERT", "ALLOC", "AVGCOST", "BASKET", "COND", "CONDORDER", "DAY", "DEACT",
    "DEACTDIS", "DEACTEOD", "GAT", "GTC", "GTD", "GTT", "HID", "ICE", "IOC", "LIT", "LMT", "LTH", "MIT", "MKT",
    "MKTPROT", "MTL", "NGCOMB", "NONALGO", "OCA", "SCALE", "SCALERST", "SNAPMID", "SNAPMKT", "SNAPREL", "STP",
    "STPLMT", "TRAIL", "TRAILLIT", "TRAILLMT", "TRAILMIT", "VOLAT", "WHATIF",
]
us_stock_nasdaq_direct = [
    "ACTIVETIM", "AD", "ADJUST", "ALERT", "ALGOCLS", "ALGOOPG", "ALLOC", "AON", "AVGCOST", "BASKET", "BENCHPX",
    "CASHQTY", "COND", "CONDORDER", "DAY", "DEACT", "DEACTDIS", "DEACTEOD", "DIS", "GAT", "GTC", "GTD", "GTT",
    "HID", "IOC", "LIT", "LMT", "LOC", "MIT", "MKT", "MOC", "MTL", "NGCOMB", "NONALGO", "OCA", "OPG", "PEGBENCH",
    "RELPCTOFS", "RTH", "SCALE", "SCALERST", "SNAPMID", "SNAPMKT", "SNAPREL", "STP", "STPLMT", "TRAIL", "TRAILLIT",
    "TRAILLMT", "TRAILMIT", "WHATIF",
]
us_stock_arca_direct = [
    "ACTIVETIM", "AD", "ADJUST", "ALERT", "ALGOCLS", "ALGOOPG", "ALLOC", "AVGCOST", "BASKET", "BENCHPX", "CASHQTY",
    "COND", "CONDORDER", "DAY", "DEACT", "DEACTDIS", "DEACTEOD", "DIS", "GAT", "GTC", "GTD", "GTT", "HID", "IOC",
    "LIT", "LMT", "LOC", "MIT", "MKT", "MOC", "MTL", "NGCOMB", "NONALGO", "OCA", "OPG", "PEGBENCH", "REL",
    "RELPCTOFS", "RTH", "SCALE", "SCALERST", "SNAPMID", "SNAPMKT", "SNAPREL", "STP", "STPLMT", "TRAIL", "TRAILLIT",
    "TRAILLMT", "TRAILMIT", "WHATIF",
]
jp_stock = [
    "ACTIVETIM", "AD", "ADJUST", "ALERT", "ALGO", "ALGOLTH", "ALLOC", "AVGCOST", "BASKET", "BENCHPX", "BOARDLOT",
    "CASHQTY", "COND", "CONDORDER", "DAY", "DEACT", "DEACTDIS", "DEACTEOD", "GAT", "GTC", "GTD", "GTT", "HID",
    "ICE", "LIT", "LMT", "LOC", "MIT", "MKT", "MOC", "MTL", "NGCOMB", "NONALGO", "OCA", "OPG", "PEGBENCH", "REL",
    "RELPCTOFS", "RTH", "RTH4MKT", "SCALE", "SCALERST", "SNAPMID", "SNAPMKT", "SNAPREL", "STP", "STPLMT", "TRAIL",
    "TRAILLIT", "TRAILLMT", "TRAILMIT", "WHATIF",
]
eu_stock = [
    "ACTIVETIM", "AD", "ADJUST", "ALERT", "ALGO", "ALGOLTH", "ALLOC", "AVGCOST", "BASKET", "BENCHPX", "CASHQTY",
    "COND", "CONDORDER", "DAY", "DEACT", "DEACTDIS", "DEACTEOD", "GAT", "GTC", "GTD", "GTT", "HID", "IOC", "LIT",
    "LMT", "LOC", "MIT", "MKT", "MKT2BBO", "MOC", "MTL", "NGCOMB", "NODARK", "NONALGO", "OCA", "OPG", "PEGBENCH",
    "REL", "RELPCTOFS", "RTH", "RTH4MKT", "SCALE", "SCALERST", "SIZECHK", "SNAPMID", "SNAPMKT", "SNAPREL", "STP",
    "STPLMT", "TRAIL", "TRAILLIT", "TRAILLMT", "TRAILMIT", "WHATIF",
]

# From which price on which step: [[edge, increment], ...]. Steps above the first of 235, 3541 and of 99005 are guessed.
[market_rules]
25 = [[0, 0.01]]
26 = [[0, 0.01]]
32 = [[0, 0.01]]
67 = [[0, 0.25]]
76 = [[0, 0.25]]
87 = [[0, 0.01]]
98 = [[0, 0.001]]
109 = [[0, 0.01], [3, 0.05]]
235 = [[0, 0.05], [5, 0.25]]
239 = [[0, 0.00005]]
342 = [[0, 0.001]]
635 = [[0, 0.0001]]
1386 = [[0, 0.0001]]
1388 = [[0, 0.0001]]
1870 = [
    [0, 0.0001], [0.1, 0.0001], [0.2, 0.0001], [0.5, 0.0002], [1, 0.0005], [2, 0.001], [5, 0.002], [10, 0.005],
    [20, 0.01], [50, 0.02], [100, 0.05], [200, 0.1], [500, 0.2], [1000, 0.5], [2000, 1], [5000, 2],
    [10000, 5], [20000, 10], [50000, 20],
]
2806 = [[0, 0.25]]
2963 = [[0, 0.01]]
3188 = [[0, 0.00005]]
3407 = [[0, 0.1], [10000, 0.5], [30000, 1], [100000, 5], [300000, 10], [1000000, 100]]
3541 = [[0, 0.05], [10, 0.25]]
4563 = [[0, 0.01]]
99001 = [[0, 0.05], [3, 0.1]]
99002 = [[0, 0.1]]
99003 = [[0, 0.015625]]
99004 = [[0, 0.005]]
99005 = [[0, 0.05]]
99006 = [[0, 0.01]]

# Sessions in the wall clock of the zone. "-1 1700": it begins on the day before the one that it counts for.
[hours.us_stock]
zone = "US/Eastern"
calendar = "us_stock"
trading = ["0400-2000"]
liquid = ["0930-1600"]
half_trading = ["0400-1700"]
half_liquid = ["0930-1300"]

# The row of AMEX was recorded in 2022; OVERNIGHT is documented.
[hours.us_stock_amex]
zone = "US/Eastern"
calendar = "us_stock"
trading = ["0700-2000"]
half_trading = ["0700-1700"]

[hours.us_stock_overnight]
zone = "US/Eastern"
calendar = "us_stock"
trading = ["-1 2000-0350"]

[hours.us_option]
zone = "US/Eastern"
calendar = "us_stock"
trading = ["0930-1600"]
liquid = ["0930-1600"]
half_trading = ["0930-1300"]
half_liquid = ["0930-1300"]

[hours.us_etf_option]
zone = "US/Eastern"
calendar = "us_stock"
trading = ["0930-1615"]
liquid = ["0930-1615"]
half_trading = ["0930-1315"]
half_liquid = ["0930-1315"]

[hours.cme_equity]
zone = "US/Central"
calendar = "cme"
trading = ["-1 1700-1600"]
liquid = ["0830-1600"]
half_trading = ["-1 1700-1215"]
half_liquid = ["0830-1215"]

[hours.nymex]
zone = "US/Eastern"
calendar = "cme"
trading = ["-1 1800-1700"]
liquid = ["0930-1700"]

[hours.comex]
zone = "US/Eastern"
calendar = "cme"
trading = ["-1 1800-1700"]
liquid = ["0930-1700"]

[hours.cbot_rates]
zone = "US/Central"
calendar = "cme"
trading = ["-1 1700-1600"]
liquid = ["0720-1400"]

[hours.forex]
zone = "US/Eastern"
calendar = "forex"
trading = ["-1 1715-1700"]

[hours.spx]
zone = "US/Central"
calendar = "us_stock"
trading = ["0830-1500"]
half_trading = ["0830-1200"]

[hours.vix]
zone = "US/Central"
calendar = "us_stock"
trading = ["0215-0815", "0830-1515"]

[hours.spx_option]
# guessed
zone = "US/Central"
calendar = "us_stock"
trading = ["-1 1915-0825", "0830-1515", "1515-1600"]
liquid = ["0830-1515"]
half_trading = ["-1 1915-0825", "0830-1215"]
half_liquid = ["0830-1215"]

[hours.dax]
zone = "MET"
calendar = "german"
trading = ["0900-1740"]

[hours.paxos]
zone = "US/Eastern"
calendar = "never"
trading = ["-1 1601-1600"]
monday = ["-1 0300-1600"]

[hours.us_bond]
zone = "US/Eastern"
calendar = "us_bond"
trading = ["-1 2000-1700"]

[hours.fund]
zone = "US/Eastern"
calendar = "us_stock"
trading = ["1559-2200"]

[hours.metal]
zone = "US/Eastern"
calendar = "cme"
trading = ["-1 1800-1700"]

[hours.tokyo]
zone = "Japan"
calendar = "japanese"
trading = ["0900-1130", "1230-1530"]

[hours.hongkong]
zone = "Hongkong"
calendar = "hong_kong"
trading = ["0930-1200", "1300-1600"]
half_trading = ["0930-1200"]

[hours.xetra]
# guessed
zone = "MET"
calendar = "german"
trading = ["0800-2200"]
liquid = ["0900-1730"]

[hours.london]
zone = "GB-Eire"
calendar = "british"
trading = ["0800-1630"]
half_trading = ["0800-1230"]

[hours.index_cfd]
# guessed
zone = "US/Eastern"
calendar = "cme"
trading = ["-1 1800-1700"]

# The farms whose notices tell of them.
[farms.us_stock]
market = "usfarm"
history = "ushmds"
[farms.us_option]
market = "usopt"
history = "ushmds"
[farms.us_future]
market = "usfuture"
history = "ushmds"
[farms.us_bond]
market = "usbond"
history = "ushmds"
[farms.forex]
market = "cashfarm"
history = "cashhmds"
[farms.europe]
market = "eufarm"
history = "euhmds"
[farms.japan]
market = "jfarm"
history = "jhmds"
[farms.hongkong]
market = "hfarm"
history = "hkhmds"

# What kinds of instruments have in common: an instrument is `like` one of them, and says what differs.
[like.us_stock]
security_type = "STK"
currency = "USD"
exchanges = "us_stock"
primary_exchange = "NASDAQ"
trading_class = "NMS"
order_types = "us_stock_smart"
direct_order_types = { NASDAQ = "us_stock_nasdaq_direct", "*" = "us_stock_arca_direct" }
direct_hours = { AMEX = "us_stock_amex", OVERNIGHT = "us_stock_overnight" }
hours = "us_stock"
farm = "us_stock"
min_tick = "0.01"
market_rule = 4563
stock_type = "COMMON"
aggregated_group = 1
min_size = "0.0001"
size_increment = "0.0001"
suggested_size_increment = "40"
bbo_exchange = "9c0001"
derivatives = ["CFD", "OPT", "IOPT", "WAR", "BAG"]
annual_volatility = 0.25
spread_ticks = 2
day_volume = 5000000
trades_per_minute = 120

[like.xetra_stock]
security_type = "STK"
currency = "EUR"
exchanges = "xetra"
primary_exchange = "IBIS"
trading_class = "XETRA"
order_types = "eu_stock"
hours = "xetra"
farm = "europe"
min_tick = "0.0001"
market_rule = 1870
stock_type = "COMMON"
aggregated_group = 6
min_size = "1"
size_increment = "1"
suggested_size_increment = "1"
bbo_exchange = "250001"
annual_volatility = 0.27
spread_ticks = 1
day_volume = 1000000
trades_per_minute = 60

[like.london_stock]
security_type = "STK"
currency = "GBP"
exchanges = "london"
primary_exchange = "LSE"
order_types = "eu_stock"
hours = "london"
farm = "europe"
min_tick = "0.05"
market_rule = 99005
stock_type = "COMMON"
min_size = "1"
size_increment = "1"
suggested_size_increment = "1"
price_magnifier = 100
annual_volatility = 0.4
spread_ticks = 2
day_volume = 5000000
trades_per_minute = 10

[like.tokyo_stock]
security_type = "STK"
currency = "JPY"
exchanges = "tokyo"
primary_exchange = "TSEJ"
order_types = "jp_stock"
hours = "tokyo"
farm = "japan"
min_tick = "0.1"
market_rule = 3407
stock_type = "COMMON"
aggregated_group = 16
min_size = "100"
size_increment = "100"
suggested_size_increment = "100"
annual_volatility = 0.25
spread_ticks = 3
day_volume = 20000000
trades_per_minute = 300

[like.hong_kong_stock]
security_type = "STK"
currency = "HKD"
exchanges = "sehk"
primary_exchange = "SEHK"
order_types = "eu_stock"
hours = "hongkong"
farm = "hongkong"
min_tick = "0.01"
market_rule = 26
stock_type = "COMMON"
min_size = "100"
size_increment = "100"
suggested_size_increment = "100"
annual_volatility = 0.35
spread_ticks = 2
day_volume = 20000000
trades_per_minute = 200

[like.forex]
security_type = "CASH"
currency = "USD"
exchanges = "forex"
order_types = "forex"
hours = "forex"
farm = "forex"
min_tick = "0.00005"
market_rule = 3188
aggregated_group = 4
min_size = "0.01"
size_increment = "0.01"
suggested_size_increment = "0.01"
lot = 1000
request_tick = "0.00001"
annual_volatility = 0.08
spread_ticks = 2
day_volume = 0
trades_per_minute = 500

[like.index]
security_type = "IND"
currency = "USD"
exchanges = "cboe"
order_types = "index"
hours = "spx"
farm = "us_stock"
min_tick = "0.01"
market_rule = 25
min_size = "1"
size_increment = "1"
suggested_size_increment = "1"
annual_volatility = 0.16
spread_ticks = 0
day_volume = 0
trades_per_minute = 240

[like.crypto]
security_type = "CRYPTO"
currency = "USD"
exchanges = "paxos"
order_types = "crypto"
hours = "paxos"
farm = "us_stock"
min_tick = "0.25"
market_rule = 2806
min_size = "0.00000001"
size_increment = "0.00000001"
suggested_size_increment = "0.00000001"
size_unit = "0.00000001"
lot = 100000
annual_volatility = 0.5
spread_ticks = 4
day_volume = 300
trades_per_minute = 30

[like.bond]
security_type = "BOND"
currency = "USD"
exchanges = "smart"
order_types = "bond"
hours = "us_bond"
farm = "us_bond"
min_tick = "0.0001"
market_rule = 1386
aggregated_group = 7
min_size = "1"
size_increment = "1"
suggested_size_increment = "1"
annual_volatility = 0.05
spread_ticks = 50
day_volume = 0
trades_per_minute = 1

[like.share_cfd]
security_type = "CFD"
currency = "USD"
exchanges = "cfd"
order_types = "cfd_share"
hours = "us_stock"
farm = "us_stock"
min_tick = "0.01"
market_rule = 4563
aggregated_group = 20
min_size = "1"
size_increment = "1"
suggested_size_increment = "40"
annual_volatility = 0.25
spread_ticks = 2
day_volume = 0
trades_per_minute = 1

[like.metal]
security_type = "CMDTY"
currency = "USD"
exchanges = "smart"
order_types = "metal"
hours = "metal"
farm = "us_stock"
min_tick = "0.01"
market_rule = 87
aggregated_group = 14
min_size = "1"
size_increment = "1"
suggested_size_increment = "1"
annual_volatility = 0.18
spread_ticks = 20
day_volume = 0
trades_per_minute = 120

[like.fund]
security_type = "FUND"
currency = "USD"
exchanges = "fund"
order_types = "fund"
hours = "fund"
farm = "us_stock"
min_tick = "0.01"
market_rule = 2963
min_size = "0.001"
size_increment = "0.001"
suggested_size_increment = "1"
size_unit = "0.001"
annual_volatility = 0.15
spread_ticks = 0
day_volume = 0
trades_per_minute = 0

[like.us_option]
security_type = "OPT"
currency = "USD"
exchanges = "us_option"
order_types = "us_option"
hours = "us_option"
farm = "us_option"
min_tick = "0.01"
market_rule = 32
multiplier = 100
aggregated_group = 2
min_size = "1"
size_increment = "1"
suggested_size_increment = "1"
settlement_method = "Physical Delivery"
last_trade_time = "16:00:00"
last_trade_time_zone = "US/Eastern"
annual_volatility = 0.25
spread_ticks = 2
day_volume = 1000
trades_per_minute = 2

[like.warrant]
security_type = "WAR"
currency = "EUR"
exchanges = ["SWB", "GETTEX"]
order_types = "eu_stock"
hours = "xetra"
farm = "europe"
min_tick = "0.01"
market_rule = 26
multiplier = "0.1"
min_size = "1"
size_increment = "1"
suggested_size_increment = "1"
settlement_method = "Cash"
last_trade_time = "17:30:00"
last_trade_time_zone = "MET"
annual_volatility = 0.25
spread_ticks = 1
day_volume = 1000
trades_per_minute = 2

[like.future]
security_type = "FUT"
currency = "USD"
exchanges = "cme"
order_types = "future"
hours = "cme_equity"
farm = "us_future"
min_tick = "0.25"
market_rule = 67
multiplier = 50
min_size = "1"
size_increment = "1"
suggested_size_increment = "1"
settlement_method = "Cash"
last_trade_time = "08:30:00"
last_trade_time_zone = "US/Central"
annual_volatility = 0.2
spread_ticks = 1
day_volume = 100000
trades_per_minute = 100

[like.future_option]
security_type = "FOP"
currency = "USD"
exchanges = "cme"
order_types = "future_option"
hours = "cme_equity"
farm = "us_future"
min_tick = "0.05"
market_rule = 235
multiplier = 5
min_size = "1"
size_increment = "1"
suggested_size_increment = "1"
settlement_method = "Cash"
last_trade_time = "15:00:00"
last_trade_time_zone = "US/Central"
annual_volatility = 0.15
spread_ticks = 4
day_volume = 100
trades_per_minute = 1
"""
"""Lists, rules, hours, farms, and what kinds of instruments have in common."""
