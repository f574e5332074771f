"""Whether an error of TWS means that there is nothing, and not that it failed.

TWS says 162 for all that its historical service may say: no data, no permission, pacing, a step that does not fit, the
receipt of a cancel. Its text alone tells, so what is empty is a matter of a table, `NO_DATA_TEXTS`; whatever is not in
it is a failure, and raised.
"""

from __future__ import annotations

from typing import Final

from anytws.errors import RequestFailed

HISTORICAL_SERVICE: Final = 162
"""The code of whatever the historical service says."""

NO_DATA_TEXTS: Final = ("HMDS query returned no data",)
"""What TWS says, in an error of code 162, where nothing is stored for the time that was asked for: how the text begins,
behind ``Historical Market Data Service error message:``. Recorded on several gateways, such as ``HMDS query returned no
data: ESM3@CME Trades``.

Not here, and so raised: ``No historical market data for PLTR/STK@VALUE Last 0`` (that listing never has such data, at
any time), ``Starting time must occur before ending time`` (the end is before all data), and what 162 says of
permissions, pacing and cancels."""

_PREFIXES: Final = ("Historical Market Data Service error message:", "Historical Market Data Service query message:")


def no_data_text(error: RequestFailed) -> str | None:
    """Give what TWS has said there, if *error* means that there are no data; None if it is a failure."""
    text = _without_prefix(error.message)
    return text if error.code == HISTORICAL_SERVICE and text.startswith(NO_DATA_TEXTS) else None


def _without_prefix(text: object) -> str:
    # A text that could not be read is None, whatever its type promises.
    if not isinstance(text, str):
        return ""
    for prefix in _PREFIXES:
        text = text.removeprefix(prefix)
    return text.strip()
