"""The command line: ``anytws demo``, ``anytws check``, ``anytws watch`` and so on. One file per verb.

It needs the extra ``cli`` (cyclopts, rich, trio). Nothing below this folder knows that it exists.
"""

from __future__ import annotations

import sys

# See `anytws`: what is imported here and not in `main` cannot be interrupted without a traceback.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final

__all__ = ["FAILED", "INTERRUPTED", "NOT_CONNECTED", "REFUSED", "SETTINGS", "USAGE", "main"]

# The exit codes of all verbs. The table in `docs/cli.md` is held to them by a test.
FAILED: Final = 1
"""Exit code for what is not as it should be, or what could not be written."""
USAGE: Final = 2
"""Exit code for what was typed wrongly, or is not installed."""
SETTINGS: Final = 3
"""Exit code for what was typed well and cannot be done here: a script of a day that cannot be, a port that is taken."""
NOT_CONNECTED: Final = 4
"""Exit code where there is no connection to a TWS: nothing is there, or what was there has gone."""
REFUSED: Final = 5
"""Exit code where a TWS is there and says no: to the connection, or to what was asked."""
INTERRUPTED: Final = 130
"""Exit code after Ctrl-C, as shells have it: 128 and the number of the signal."""

_EXTRA: Final = ("cyclopts", "plotille", "rich", "trio")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what *arguments* say, by default those of this process, and give the exit code."""
    try:
        import importlib.util  # noqa: PLC0415 (see above)

        missing = [name for name in _EXTRA if importlib.util.find_spec(name) is None]
        if missing:
            sys.stderr.write(f'anytws: the command line needs {", ".join(missing)}: pip install "anytws[cli]"\n')
            return USAGE
        # Not at the top: a plain `pip install anytws` has the command, but not what it is made of.
        from anytws.cli.commands import run  # noqa: PLC0415 (see above)

        return run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        # Before the event loop runs, that is; the imports take long enough for somebody to change their mind.
        return INTERRUPTED
