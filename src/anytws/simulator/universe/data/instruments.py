"""The instruments that the simulated TWS knows by itself, in the format of one's own files.

Contract ids and names are those of real TWSs, read in recordings of 2026, unless a comment says otherwise. Invented are
every contract id from 990000001 on, and all of `price`, `annual_volatility`, `spread_ticks`, `day_volume`,
`trades_per_minute`: levels near autumn 2026.
"""

from __future__ import annotations

from typing import Final

INSTRUMENTS: Final = """
[[instrument]]
like = "us_stock"
contract_id = 265598
symbol = "AAPL"
long_name = "APPLE INC"
industry = "Technology"
category = "Computers"
subcategory = "Computers"
security_ids = { ISIN = "US0378331005" }
first_second = 345479400
price = 331
annual_volatility = 0.26
day_volume = 22000000
trades_per_minute = 400

[[instrument]]
like = "us_stock"
contract_id = 272093
symbol = "MSFT"
long_name = "MICROSOFT CORP"
industry = "Technology"
category = "Software"
subcategory = "Applications Software"
security_ids = { ISIN = "US5949181045" }
first_second = 511108200
price = 518
annual_volatility = 0.24
spread_ticks = 3
day_volume = 18000000
trades_per_minute = 350

[[instrument]]
like = "us_stock"
contract_id = 4815747
symbol = "NVDA"
long_name = "NVIDIA CORP"
suggested_size_increment = "100"
industry = "Technology"
category = "Semiconductors"
subcategory = "Electronic Compo-Semicon"
security_ids = { ISIN = "US67066G1040" }
price = 195
annual_volatility = 0.42
spread_ticks = 1
day_volume = 150000000
trades_per_minute = 1500

[[instrument]]
like = "us_stock"
contract_id = 76792991
symbol = "TSLA"
long_name = "TESLA INC"
industry = "Consumer, Cyclical"
category = "Auto Manufacturers"
subcategory = "Auto-Cars/Light Trucks"
security_ids = { ISIN = "US88160R1014" }
price = 410
annual_volatility = 0.55
spread_ticks = 4
day_volume = 80000000
trades_per_minute = 900

[[instrument]]
like = "us_stock"
contract_id = 4391
symbol = "AMD"
long_name = "ADVANCED MICRO DEVICES"
industry = "Technology"
category = "Semiconductors"
subcategory = "Electronic Compo-Semicon"
security_ids = { ISIN = "US0079031078" }
first_second = 322151400
price = 456
annual_volatility = 0.48
spread_ticks = 4
day_volume = 35000000
trades_per_minute = 450

# A real one as well, whose number was not found: without a currency AMD is two stocks.
[[instrument]]
like = "xetra_stock"
contract_id = 990000020
symbol = "AMD"
long_name = "ADVANCED MICRO DEVICES"
market_name = "XETRA"
industry = "Technology"
category = "Semiconductors"
subcategory = "Electronic Compo-Semicon"
security_ids = { ISIN = "US0079031078" }
first_second = 946886400
price = 391
day_volume = 100000
trades_per_minute = 5

[[instrument]]
like = "us_stock"
contract_id = 8314
symbol = "IBM"
primary_exchange = "NYSE"
trading_class = "IBM"
long_name = "INTL BUSINESS MACHINES CORP"
industry = "Technology"
category = "Computers"
subcategory = "Computer Services"
security_ids = { ISIN = "US4592001014" }
first_second = 315930600
bbo_exchange = "a60001"
price = 290
annual_volatility = 0.22
spread_ticks = 3
day_volume = 4000000

[[instrument]]
like = "us_stock"
contract_id = 72063691
symbol = "BRK B"
primary_exchange = "NYSE"
trading_class = "BRK B"
long_name = "BERKSHIRE HATHAWAY INC-CL B"
industry = "Financial"
category = "Insurance"
subcategory = "Property/Casualty Ins"
security_ids = { ISIN = "US0846707026" }
bbo_exchange = "a60001"
price = 500
annual_volatility = 0.16
spread_ticks = 5
day_volume = 4000000

[[instrument]]
like = "us_stock"
contract_id = 756733
symbol = "SPY"
primary_exchange = "ARCA"
trading_class = "SPY"
long_name = "SS SPDR S&P 500 ETF TRUST-US"
stock_type = "ETF"
security_ids = { ISIN = "US78462F1030" }
first_second = 728317800
bbo_exchange = "a60001"
price = 772
annual_volatility = 0.15
spread_ticks = 1
day_volume = 60000000
trades_per_minute = 1800

[[instrument]]
like = "us_stock"
contract_id = 320227571
symbol = "QQQ"
long_name = "INVESCO QQQ TRUST SERIES 1"
stock_type = "ETF"
security_ids = { ISIN = "US46090E1038" }
price = 741
annual_volatility = 0.19
spread_ticks = 1
day_volume = 45000000
trades_per_minute = 1400

[[instrument]]
like = "us_stock"
contract_id = 4726868
symbol = "AXTI"
long_name = "AXT INC"
suggested_size_increment = "100"
industry = "Technology"
category = "Semiconductors"
subcategory = "Semicon Compo-Intg Circu"
security_ids = { ISIN = "US00246W1036" }
price = 78.8
annual_volatility = 0.85
spread_ticks = 8
trades_per_minute = 60

[[instrument]]
like = "tokyo_stock"
contract_id = 13905804
symbol = "7203"
local_symbol = "7203.T"
trading_class = "7203"
long_name = "TOYOTA MOTOR CORP"
industry = "Consumer, Cyclical"
category = "Auto Manufacturers"
subcategory = "Auto-Cars/Light Trucks"
security_ids = { ISIN = "JP3633400001" }
price = 2937
day_volume = 26000000
trades_per_minute = 500

[[instrument]]
like = "xetra_stock"
contract_id = 14094
symbol = "BMW"
long_name = "BAYERISCHE MOTOREN WERKE AG"
industry = "Consumer, Cyclical"
category = "Auto Manufacturers"
subcategory = "Auto-Cars/Light Trucks"
security_ids = { ISIN = "DE0005190003" }
price = 55.7
day_volume = 1300000
trades_per_minute = 80

# invented: trading_class, market_rule, min_tick, valid_exchanges, order_types
[[instrument]]
like = "london_stock"
contract_id = 14075064
symbol = "IQE"
trading_class = "AMSM"
long_name = "IQE PLC"
price = 49.6
annual_volatility = 0.6
day_volume = 8000000

# invented: market_rule, order_types
[[instrument]]
like = "hong_kong_stock"
contract_id = 152791428
symbol = "700"
trading_class = "700"
long_name = "TENCENT HOLDINGS LTD"
price = 600

[[instrument]]
like = "forex"
contract_id = 12087792
symbol = "EUR"
local_symbol = "EUR.USD"
trading_class = "EUR.USD"
long_name = "European Monetary Union Euro"
price = 1.1235
annual_volatility = 0.07
spread_ticks = 1
trades_per_minute = 600

[[instrument]]
like = "forex"
contract_id = 12087797
symbol = "GBP"
local_symbol = "GBP.USD"
trading_class = "GBP.USD"
long_name = "British pound"
price = 1.345

# invented: market_rule
[[instrument]]
like = "forex"
contract_id = 15016059
symbol = "USD"
currency = "JPY"
local_symbol = "USD.JPY"
trading_class = "USD.JPY"
long_name = "United States dollar"
min_tick = "0.00500"
market_rule = 99004
request_tick = "0.00100"
price = 150.2
annual_volatility = 0.1
spread_ticks = 1
trades_per_minute = 600

[[instrument]]
like = "index"
contract_id = 416904
symbol = "SPX"
long_name = "S&P 500 Stock Index"
industry = "Indices"
category = "Broad Range Equity Index"
subcategory = "*"
price = 7715
annual_volatility = 0.15

[[instrument]]
like = "index"
contract_id = 13455763
symbol = "VIX"
long_name = "CBOE Volatility Index"
industry = "Indices"
category = "Volatility Index"
subcategory = "*"
hours = "vix"
price = 16.5
annual_volatility = 0.9
trades_per_minute = 4

[[instrument]]
like = "index"
contract_id = 416843
symbol = "NDX"
exchanges = "nasdaq_index"
long_name = "NASDAQ 100 Stock Index"
industry = "Indices"
category = "Broad Range Equity Index"
subcategory = "*"
price = 30400
annual_volatility = 0.2

[[instrument]]
like = "index"
contract_id = 825711
symbol = "DAX"
currency = "EUR"
exchanges = "eurex_index"
long_name = "DAX 40 Index (Deutsche Aktien Xchange 40)"
hours = "dax"
farm = "europe"
price = 24100
trades_per_minute = 60

[[instrument]]
like = "crypto"
contract_id = 479624278
symbol = "BTC"
local_symbol = "BTC.USD"
trading_class = "BTC"
long_name = "Bitcoin cryptocurrency"
price = 112000

# invented: market_rule, min_tick
[[instrument]]
like = "crypto"
contract_id = 495759171
symbol = "ETH"
local_symbol = "ETH.USD"
trading_class = "ETH"
long_name = "Ethereum cryptocurrency"
min_tick = "0.01"
market_rule = 87
price = 4100
annual_volatility = 0.65
day_volume = 3000

# invented: market_rule, min_size, min_tick
# invented: issuer_id
[[instrument]]
like = "bond"
contract_id = 401820131
symbol = "US-T"
local_symbol = "IBCID401820131"
trading_class = "US-T"
maturity = "20270131"
description_append = "US-T 1 1/2 01/31/27"
contract_month = "202701"
cusip = "IBCID401820131"
industry = "Government"
security_ids = { CUSIP = "912828Z78", ISIN = "US912828Z781" }
price = 99.2
annual_volatility = 0.01
spread_ticks = 20
coupon = 1.5
issuer_id = "e1377912"
bond_type = "US Govt"

# invented: issuer_id
[[instrument]]
like = "bond"
contract_id = 127128131
symbol = "AAPL"
local_symbol = "IBCID127128131"
trading_class = "AAPL"
description_append = "AAPL 3.85 05/04/43"
contract_month = "204305"
cusip = "IBCID127128131"
industry = "Technology"
category = "Computers"
subcategory = "Computers"
min_size = "2"
security_ids = { CUSIP = "037833AL4", ISIN = "US037833AL42" }
price = 84.3
annual_volatility = 0.08
coupon = 3.85
maturity = "20430504"
issuer_id = "e1432232"

# invented: issuer_id
[[instrument]]
like = "bond"
contract_id = 611531176
symbol = "IBM"
local_symbol = "IBCID611531176"
trading_class = "IBM"
description_append = "IBM 4 3/4 02/06/33"
market_rule = 1388
contract_month = "203302"
cusip = "IBCID611531176"
industry = "Technology"
category = "Computers"
subcategory = "Computer Services"
min_size = "100"
security_ids = { CUSIP = "459200KY6", ISIN = "US459200KY61" }
price = 101.1
coupon = 4.75
maturity = "20330206"
issuer_id = "e1400789"

[[instrument]]
like = "share_cfd"
contract_id = 120549942
symbol = "AAPL"
local_symbol = "AAPLn"
trading_class = "AAPL"
long_name = "APPLE INC"
underlying_contract_id = 265598
underlying_symbol = "AAPL"
underlying_security_type = "STK"
industry = "Technology"
category = "Computers"
subcategory = "Computers"
reroutes_to = 265598
price = 331
annual_volatility = 0.26
trades_per_minute = 0

# invented: con_id, market_rule, order_types, min_tick
[[instrument]]
like = "share_cfd"
contract_id = 990000012
symbol = "IBUS500"
exchanges = "smart"
trading_class = "IBUS500"
long_name = "IBUS500 Index CFD"
market_rule = 99006
suggested_size_increment = "1"
hours = "index_cfd"
price = 7715
annual_volatility = 0.15
spread_ticks = 50
trades_per_minute = 60

[[instrument]]
like = "metal"
contract_id = 69067924
symbol = "XAUUSD"
trading_class = "XAUUSD"
long_name = "London Gold"
price = 4160

[[instrument]]
like = "fund"
contract_id = 48013650
symbol = "VTSAX"
local_symbol = "922908728"
trading_class = "922908728"
market_name = "VTSAX"
long_name = "Vanguard Morningstar Total Stock Market (Vanguard)"
fund_name = "Vanguard Morningstar Total Stock Market"
fund_family = "Vanguard"
fund_front_load = "0"
fund_back_load = "0"
fund_back_load_time_interval = "0"
fund_management_fee = "0.04"
fund_closed = false
fund_notify_amount = "10000000"
fund_minimum_initial_purchase = "3000"
fund_minimum_subsequent_purchase = "1"
fund_blue_sky_states = "All"
fund_blue_sky_territories = "ARE,ASK,FSM,GUM,MHL,MNP,PLW,PRI,VIR"
security_ids = { ISIN = "US9229087286" }
price = 182

# --- families of futures: every contract month of them is made when it is asked for ---

[[future_family]]
like = "future"
symbol = "ES"
exchanges = "es"
trading_class = "ES"
long_name = "E-mini S&P 500"
months = [3, 6, 9, 12]
last_trade = "third_friday"
underlying_contract_id = 11004968
underlying_symbol = "ES"
listed = 23
price = 7750
annual_volatility = 0.15
day_volume = 1300000
trades_per_minute = 900
known = [
    { month = "202612", contract_id = 515416632, last_trade_date = "20261218" },
    { month = "202703", contract_id = 649180684, last_trade_date = "20270319" },
    { month = "202706", contract_id = 649180661, last_trade_date = "20270617" },
    { month = "202709", contract_id = 649180681, last_trade_date = "20270917" },
    { month = "202712", contract_id = 586139767, last_trade_date = "20271217" },
    { month = "202803", contract_id = 649180666, last_trade_date = "20280317" },
    { month = "202806", contract_id = 649180690, last_trade_date = "20280616" },
    { month = "202809", contract_id = 649180675, last_trade_date = "20280915" },
    { month = "202812", contract_id = 654503299, last_trade_date = "20281215" },
    { month = "202903", contract_id = 672387437, last_trade_date = "20290316" },
    { month = "202906", contract_id = 691171642, last_trade_date = "20290615" },
    { month = "202909", contract_id = 711280049, last_trade_date = "20290921" },
    { month = "202912", contract_id = 730283071, last_trade_date = "20291221" },
    { month = "203003", contract_id = 750150169, last_trade_date = "20300315" },
    { month = "203109", contract_id = 893091655, last_trade_date = "20310919" },
    { month = "203112", contract_id = 925800423, last_trade_date = "20311219" },
    { month = "202609", contract_id = 649180671, last_trade_date = "20260918" },
]

[[future_family]]
like = "future"
symbol = "MES"
trading_class = "MES"
long_name = "Micro E-Mini S&P 500 Stock Price Index"
multiplier = 5
months = [3, 6, 9, 12]
last_trade = "third_friday"
underlying_contract_id = 362673777
underlying_symbol = "MES"
listed = 5
price = 7750
annual_volatility = 0.15
day_volume = 1200000
trades_per_minute = 900
known = [
    { month = "202609", contract_id = 793356217, last_trade_date = "20260918" },
    { month = "202612", contract_id = 990000001, last_trade_date = "20261218" },
]

[[future_family]]
like = "future"
symbol = "MNQ"
trading_class = "MNQ"
long_name = "Micro E-Mini Nasdaq-100 Index"
multiplier = 2
months = [3, 6, 9, 12]
last_trade = "third_friday"
underlying_contract_id = 362687422
underlying_symbol = "MNQ"
listed = 5
price = 30500
spread_ticks = 2
day_volume = 1500000
trades_per_minute = 1000
known = [
    { month = "202612", contract_id = 815824267, last_trade_date = "20261218" },
    { month = "202703", contract_id = 840227399, last_trade_date = "20270319" },
    { month = "202706", contract_id = 866514785, last_trade_date = "20270617" },
    { month = "202709", contract_id = 893091676, last_trade_date = "20270917" },
    { month = "202712", contract_id = 925800444, last_trade_date = "20271217" },
]

[[future_family]]
like = "future"
symbol = "CL"
exchanges = "nymex"
hours = "nymex"
trading_class = "CL"
long_name = "Light Sweet Crude Oil"
multiplier = 1000
min_tick = "0.01"
market_rule = 32
settlement_method = "Physical Delivery"
last_trade_time = "14:30:00"
last_trade_time_zone = "US/Eastern"
months = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
last_trade = "before_25th"
underlying_contract_id = 17340715
underlying_symbol = "CL"
listed = 36
price = 66
annual_volatility = 0.34
day_volume = 300000
trades_per_minute = 250
known = [
    { month = "202312", contract_id = 174230596, last_trade_date = "20231120" },
    { month = "202612", contract_id = 990000002, last_trade_date = "20261120" },
    { month = "202701", contract_id = 990000003, last_trade_date = "20261221" },
]

[[future_family]]
like = "future"
symbol = "NG"
exchanges = "nymex"
hours = "nymex"
trading_class = "NG"
long_name = "Henry Hub Natural Gas"
multiplier = 10000
min_tick = "0.001"
market_rule = 98
settlement_method = "Physical Delivery"
last_trade_time = "14:30:00"
last_trade_time_zone = "US/Eastern"
months = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
last_trade = "before_month"
underlying_contract_id = 36552980
underlying_symbol = "NG"
year_digits = 2
listed = 36
price = 3.2
annual_volatility = 0.6
day_volume = 150000
trades_per_minute = 120
known = [
    { month = "202709", contract_id = 269460134, last_trade_date = "20270827" },
]

# invented: underlying_contract_id, market_rule
[[future_family]]
like = "future"
symbol = "GC"
exchanges = "comex"
hours = "comex"
trading_class = "GC"
long_name = "Gold"
multiplier = 100
min_tick = "0.1"
market_rule = 99002
settlement_method = "Physical Delivery"
last_trade_time = "13:30:00"
last_trade_time_zone = "US/Eastern"
months = [2, 4, 6, 8, 10, 12]
last_trade = "third_last"
underlying_contract_id = 990000030
underlying_symbol = "GC"
listed = 12
price = 4180
day_volume = 180000
trades_per_minute = 200
known = [
    { month = "202412", contract_id = 347896248, last_trade_date = "20241227" },
    { month = "202512", contract_id = 397594951, last_trade_date = "20251229" },
    { month = "202612", contract_id = 990000004, last_trade_date = "20261229" },
]

# invented: underlying_contract_id, market_rule
[[future_family]]
like = "future"
symbol = "ZN"
exchanges = "cbot"
hours = "cbot_rates"
trading_class = "ZN"
long_name = "10 Year US Treasury Note"
multiplier = 1000
min_tick = "0.015625"
market_rule = 99003
settlement_method = "Physical Delivery"
last_trade_time = "12:01:00"
months = [3, 6, 9, 12]
last_trade = "eighth_last"
underlying_contract_id = 990000031
underlying_symbol = "ZN"
listed = 3
price = 112.5
annual_volatility = 0.06
day_volume = 1500000
trades_per_minute = 300
known = [
    { month = "202612", contract_id = 990000005, last_trade_date = "20261221" },
]

# --- classes of options: every expiration of them is made when it is asked for ---

# A warrant: all of it is invented.
[[instrument]]
like = "warrant"
contract_id = 990000021
symbol = "AAPL"
local_symbol = "ACWA01"
trading_class = "ACWA01"
long_name = "APPLE INC CALL 18DEC26 350"
underlying_contract_id = 265598
underlying_symbol = "AAPL"
underlying_security_type = "STK"
last_trade_date = "20261218"
strike = 350
right = "C"
price = 1.2

[[option_class]]
like = "us_option"
trading_class = "AAPL"
underlying_contract_id = 265598
rule = "busy"
strikes = [[5, 295, 5], [297.5, 375, 2.5], [380, 440, 5], [450, 670, 10]]
market_rule = [32, 109, 109, 109, 109, 109, 109, 109, 32, 109, 32, 109, 109, 109, 109, 109, 109, 109, 32, 109, 109]
known = [{ contract_id = 926735346, expiration = "20261005", strike = 342.5, right = "C" }]

# What a corporate action left (recorded).
[[option_class]]
like = "us_option"
trading_class = "2AAPL"
underlying_contract_id = 265598
rule = "fixed"
strikes = [[291, 291, 1]]
expirations = ["20261016"]
exchanges = "us_option_adjusted"

# The strikes of all classes from here on are chosen.
[[option_class]]
like = "us_option"
trading_class = "MSFT"
underlying_contract_id = 272093
rule = "busy"
strikes = [[200, 400, 10], [405, 650, 5], [660, 1000, 10]]

[[option_class]]
like = "us_option"
trading_class = "NVDA"
underlying_contract_id = 4815747
rule = "busy"
strikes = [[50, 145, 5], [147.5, 250, 2.5], [255, 400, 5]]

[[option_class]]
like = "us_option"
trading_class = "TSLA"
underlying_contract_id = 76792991
rule = "busy"
strikes = [[100, 300, 10], [305, 550, 5], [560, 1000, 10]]

[[option_class]]
like = "us_option"
trading_class = "AMD"
underlying_contract_id = 4391
rule = "weekly"
strikes = [[100, 350, 10], [355, 600, 5], [610, 900, 10]]

[[option_class]]
like = "us_option"
trading_class = "IBM"
underlying_contract_id = 8314
rule = "weekly"
strikes = [[120, 230, 10], [235, 350, 5], [360, 500, 10]]

[[option_class]]
like = "us_option"
trading_class = "BRKB"
underlying_contract_id = 72063691
rule = "weekly"
strikes = [[250, 400, 10], [405, 600, 5], [610, 800, 10]]

[[option_class]]
like = "us_option"
trading_class = "SPY"
underlying_contract_id = 756733
rule = "daily"
strikes = [[300, 600, 10], [605, 680, 5], [681, 860, 1], [865, 1000, 5], [1010, 1300, 10]]
hours = "us_etf_option"

[[option_class]]
like = "us_option"
trading_class = "QQQ"
underlying_contract_id = 320227571
rule = "daily"
strikes = [[300, 600, 10], [605, 650, 5], [651, 830, 1], [835, 960, 5], [970, 1200, 10]]
hours = "us_etf_option"
known = [{ contract_id = 728937835, expiration = "20270115", strike = 500, right = "P" }]

# SPX is settled by the prices of the morning; both contract ids that are written here are invented.
[[option_class]]
like = "us_option"
trading_class = "SPX"
underlying_contract_id = 416904
rule = "monthly"
strikes = [[1000, 5000, 100], [5025, 7000, 25], [7005, 8500, 5], [8525, 10000, 25], [10100, 12000, 100]]
min_tick = 0.05
market_rule = 99001
exchanges = "spx_option"
hours = "spx_option"
settlement_method = "Cash"
last_trade_time_zone = "US/Central"
last_trade_time = "08:30:00"
known = [{ contract_id = 990000010, expiration = "20261016", strike = 7700, right = "C" }]

[[option_class]]
like = "us_option"
trading_class = "SPXW"
underlying_contract_id = 416904
rule = "daily"
strikes = [[1000, 5000, 100], [5025, 7000, 25], [7005, 8500, 5], [8525, 10000, 25], [10100, 12000, 100]]
min_tick = 0.05
market_rule = 99001
exchanges = "spx_option"
hours = "spx_option"
settlement_method = "Cash"
last_trade_time_zone = "US/Central"
last_trade_time = "15:00:00"
known = [{ contract_id = 990000011, expiration = "20261009", strike = 7600, right = "P" }]

# Options on futures: each on the month that is traded longest after it.
[[option_class]]
like = "future_option"
trading_class = "ES"
family = "ES"
rule = "quarterly"
strikes = [[3000, 6000, 100], [6025, 9000, 25], [9100, 12000, 100]]
market_rule = 3541
multiplier = 50
last_trade_time = "08:30:00"

[[option_class]]
like = "future_option"
trading_class = "EW"
family = "ES"
rule = "month_ends"
strikes = [[3000, 6000, 100], [6025, 9000, 25], [9100, 12000, 100]]
market_rule = 3541
multiplier = 50

[[option_class]]
like = "future_option"
trading_class = "MS1D"
family = "MES"
rule = "fixed"
strikes = [[3000, 6000, 100], [6025, 9000, 25], [9100, 12000, 100]]
expirations = ["20260903"]
known = [{ contract_id = 911926174, expiration = "20260903", strike = 6500, right = "C" }]
"""
"""Instruments, families of futures, classes of options."""
