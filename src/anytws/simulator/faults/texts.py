"""What TWS usually says with a code, for faults that give only the code."""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[int, str]] = {
    100: "Max rate of messages per second has been exceeded:max=50 rec=51 (1)",
    101: "Max number of tickers has been reached",
    103: "Duplicate order id",
    110: "The price does not conform to the minimum price variation for this contract.",
    162: "Historical Market Data Service error message:HMDS connection attempt failed. "
    "Connection will be re-attempted...",
    165: "Historical Market Data Service query message:HMDS server connection was successful.",
    200: "No security definition has been found for the request",
    201: "Order rejected - reason:",
    202: "Order Canceled - reason:",
    309: "Max number (3) of market depth requests has been reached",
    317: "Market depth data has been RESET. Please empty deep book contents before applying any new entries.",
    354: "Requested market data is not subscribed.",
    366: "No historical data query found for ticker id:",
    404: "Order held while securities are located.",
    420: "Invalid Real-time Query:Historical data request pacing violation",
    1100: "Connectivity between IB and Trader Workstation has been lost.",
    1101: "Connectivity between IB and Trader Workstation has been restored - data lost.",
    1102: "Connectivity between IB and Trader Workstation has been restored - data maintained.",
    1300: "Socket port has been reset and this connection is being dropped. Please reconnect on the new port - ",
    2100: "API client has been unsubscribed from account data.",
    2103: "Market data farm connection is broken:",
    2104: "Market data farm connection is OK:",
    2105: "HMDS data farm connection is broken:",
    2106: "HMDS data farm connection is OK:",
    2107: "HMDS data farm connection is inactive but should be available upon demand.",
    2108: "Market data farm connection is inactive but should be available upon demand.",
    2110: "Connectivity between Trader Workstation and server is broken. It will be restored automatically.",
    2119: "Market data farm is connecting:",
    2157: "Sec-def data farm connection is broken:",
    2158: "Sec-def data farm connection is OK:",
    2159: "Sec-def data farm connection is inactive but should be available upon demand.",
    10182: "Failed to request live updates (disconnected).",
    10197: "No market data during competing live session",
    10225: "Bust event occurred, current subscription is deactivated. Please resubscribe real-time bars immediately.",
}
"""Code → text, as recorded or documented where it was. Those of farms end where the farm's name comes."""

FARM_CODES: Final = frozenset({2103, 2104, 2105, 2106, 2107, 2108, 2119, 2157, 2158, 2159})
"""Codes about a farm, whose name ends the text."""


def text_of(code: int, text: str = "", farm: str = "") -> str:
    """Give *text*, or what TWS usually says with *code*, about *farm* where it is about one; a bare "Error" else."""
    if text:
        return text
    known = TEXTS.get(code, f"Error {code}")
    return known + farm if code in FARM_CODES else known
