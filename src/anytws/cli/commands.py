"""The program behind the verbs: what was typed is understood, or answered with one line that says what is wrong."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import sys
from collections.abc import Sequence
from typing import Any, Final, Literal, TypeAlias

from cyclopts import App, CycloptsError
from cyclopts.help import DefaultFormatter, PanelSpec
from rich.box import Box
from rich.console import Console

from anytws.cli import FAILED, INTERRUPTED, USAGE
from anytws.cli.account import account
from anytws.cli.bars import bars
from anytws.cli.check import check
from anytws.cli.connecting import with_simulate_spelled_out
from anytws.cli.demo import demo
from anytws.cli.explain import explain
from anytws.cli.orders import orders
from anytws.cli.output import Output, complain, open_console
from anytws.cli.panic import panic
from anytws.cli.simulate import simulate
from anytws.cli.watch import watch

Shell: TypeAlias = Literal["bash", "zsh", "fish"]
"""The shells that can be taught the verbs and options."""


def completion(shell: Shell) -> int:
    """Print what teaches a shell to complete the verbs and options, with the Tab key.

    For bash: source <(anytws completion bash), here or in .bashrc. For zsh and fish, write it to where they look for
    completions.

    Parameters
    ----------
    shell
        The shell that it is for.
    """
    output = Output(open_console())
    output.raw(_app(output.console).generate_completion(shell=shell).rstrip("\n"))
    return 0


_VERBS: Final = (demo, check, watch, bars, account, orders, panic, simulate, explain, completion)
_READING: Final = frozenset({"watch", "bars", "account", "orders", "panic"})
"""The verbs that take ``--simulate``."""
# Boxes are for terminals; in logs and pipes they are a nuisance. cyclopts has a plain layout too, but its wrapped lines
# begin where the options do, and with this many options nobody finds anything in it.
_WITHOUT_BOXES: Final = DefaultFormatter(panel_spec=PanelSpec(box=Box("    \n" * 8), padding=(0, 0)))


def run(arguments: Sequence[str]) -> int:
    """Do what *arguments* say and give the exit code."""
    console = open_console()
    if _READING.intersection(arguments[:1]):
        arguments = with_simulate_spelled_out(arguments)
    try:
        command, bound, _ = _app(console).parse_args(
            list(arguments), console=console, exit_on_error=False, print_error=False
        )
    # A value of the right type that the class behind the option does not take comes as the class's own error.
    except (CycloptsError, ValueError) as problem:
        return _complain(str(problem), arguments)
    code: Any = FAILED
    try:
        code = command(*bound.args, **bound.kwargs)
    except* KeyboardInterrupt:
        # Where the event loop cannot wait for signals.
        code = INTERRUPTED
    except* BrokenPipeError:
        # `anytws … | head -1`: nobody reads any more, which is no reason for a traceback.
        _forget_output()
    except* OSError as problems:
        # A full disk, say. The verbs have a word of their own for every other thing that a system may refuse.
        _forget_output()
        complain(f"it cannot go on: {_first(problems)}")
    # Help and version give nothing.
    return code if isinstance(code, int) else 0


def _app(console: Console) -> App:
    app = App(
        name="anytws",
        help="Talk to TWS or IB Gateway, or be one.",
        version=lambda: importlib.metadata.version("anytws"),
        version_flags=["--version", "-V"],
        # Plain text would keep the line breaks of the docstrings.
        help_format="markdown",
        help_formatter="default" if console.is_terminal else _WITHOUT_BOXES,
        result_action="return_value",
    )
    for verb in _VERBS:
        app.command(verb)
    return app


def _complain(problem: str, arguments: Sequence[str]) -> int:
    verb = "".join(f" {name}" for name in (verb.__name__ for verb in _VERBS) if name in arguments[:1])
    complain(" ".join(problem.split()), f"anytws{verb} --help says more")
    return USAGE


def _forget_output() -> None:
    """Have what Python still has to write when it ends go nowhere."""
    # There is no stdout, or it is none of the system's: then nothing waits to be written either.
    with contextlib.suppress(AttributeError, OSError):
        number = sys.stdout.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)


def _first(problems: ExceptionGroup[OSError]) -> str:
    problem: BaseException = problems
    while isinstance(problem, BaseExceptionGroup):
        problem = problem.exceptions[0]
    return getattr(problem, "strerror", None) or str(problem)
