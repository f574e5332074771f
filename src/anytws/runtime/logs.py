r"""What a connection writes to the standard `logging`: nothing, unless a program has set it up.

==================== ========= =========================================================================================
logger               level     what
==================== ========= =========================================================================================
anytws.connection    INFO      states; what TWS says of farms, its link, warnings; where one is in staying connected
\                    WARNING   an end that nobody here wanted; a wait for TWS that lasts; frames that could not be read
anytws.requests      DEBUG     questions and streams: opened, answered, left, with id and seconds
\                    INFO      failed, timed out
anytws.frames        DEBUG     all that is read and written, frame by frame
anytws.hook          ERROR     what a `Hook` raised
==================== ========= =========================================================================================

The first three have a `logging.NullHandler`: without any logging they are silent, warnings too, since all of it is told
to the program as well. The last one is not: nobody else is told of it.
"""

from __future__ import annotations

import logging
import re
from typing import Final

CONNECTION: Final = logging.getLogger("anytws.connection")
REQUESTS: Final = logging.getLogger("anytws.requests")
FRAMES: Final = logging.getLogger("anytws.frames")
HOOK: Final = logging.getLogger("anytws.hook")

for _quiet in (CONNECTION, REQUESTS, FRAMES):
    _quiet.addHandler(logging.NullHandler())

_SHOWN: Final = 3
"""How many characters of an account id are shown."""
# Letters and five digits or more, whatever is stuck to them: but the letter of an escape such as \x00 is none of it.
_ACCOUNT: Final = re.compile(r"(?<!\\)[A-Za-z]{1,3}[0-9]{5,64}")


class MaskAccounts(logging.Filter):
    """Hides account ids in what anytws logs: put it on a handler, ``handler.addFilter(anytws.MaskAccounts())``.

    Whatever looks like one is hidden up to its last three digits, in messages and in tracebacks: rather too much than
    too little. What other loggers say is left alone.
    """

    def __init__(self) -> None:
        super().__init__("anytws")

    def filter(self, record: logging.LogRecord) -> bool:
        """Let *record* pass, without the accounts. Handlers that come after get it like this as well."""
        if not super().filter(record):
            return True
        record.msg, record.args = masked(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = masked(record.exc_text)
        return True


def masked(text: str) -> str:
    """Give *text* without account ids."""
    return _ACCOUNT.sub(_stars, text)


def _stars(match: re.Match[str]) -> str:
    account = match[0]
    return "*" * (len(account) - _SHOWN) + account[-_SHOWN:]
