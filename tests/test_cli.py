"""The program around the verbs: what was typed wrongly, what is not installed, who listens, and how it looks."""

from __future__ import annotations

import errno
import importlib.metadata
import io
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from rich.console import Console

from anytws import cli
from anytws.cli import commands, event_loop, output
from anytws.cli.output import Output, Tone, address, counted
from anytws.errors import printable

ESCAPE = "\x1b"
VERBS = ("demo", "check", "watch", "bars", "account", "orders", "panic", "simulate")


@pytest.fixture(autouse=True)
def _uncorrected(monkeypatch):
    """What TWS corrects of profit and loss after a second is not waited for."""
    monkeypatch.setattr("anytws.client.accounts.CORRECTED_WITHIN", 0.01)


def anytws(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a stranger does, with its output in a pipe of 80 columns."""
    inherited = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
    return subprocess.run(
        [sys.executable, "-m", "anytws", *arguments],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        env={**inherited, "PYTHONIOENCODING": "utf-8", "COLUMNS": "80", **environment},
    )


def spoken(width: int = 80, **options: object) -> tuple[Output, io.StringIO]:
    """Give an `Output` and where it goes."""
    text = io.StringIO()
    return Output(Console(file=text, width=width, highlight=False, **options)), text


# What is installed


@pytest.mark.parametrize("missing", ["cyclopts", "rich", "trio"])
def test_without_the_extra_one_line_says_what_to_install(missing: str, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, missing, None)
    assert cli.main(["demo"]) == cli.USAGE
    out, error = capsys.readouterr()
    assert (out, error.count("\n")) == ("", 1)
    assert f'needs {missing}: pip install "anytws[cli]"' in error


def test_the_library_does_not_know_the_command_line():
    """A plain install has neither rich nor cyclopts, and a program that connects should not wait for their imports."""
    source = "import sys, anytws; sys.exit(any(name in sys.modules for name in ('rich', 'cyclopts', 'anytws.cli')))"
    assert subprocess.run([sys.executable, "-c", source], check=False).returncode == 0


# What is typed


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["--nothing"],
        ["demo", "surplus"],
        ["demo", "--server-version", "156"],
        ["demo", "--server-version", "227"],
        ["demo", "--round-trips", "0"],
        ["demo", "--round-trips", str(10**9 + 1)],
        ["demo", "--server-version", str(10**30)],
        ["demo", "--server-version", "nan"],
        ["explain", "--server-version", "99", "00"],
        ["explain", "--server-version", str(10**30), "00"],
        ["explain", "--server-version", "1e400", "00"],
        ["explain", "--from", "nobody", "00"],
        ["explain", "00", "00"],
        ["demo", "--backend", "curio"],
        ["check", "127.0.0.1", "65536"],
        ["check", "0"],
        ["check", "--client-id", "-1"],
        ["check", "--client-id", str(2**31 - 1)],
        ["check", "--client-id", str(10**30)],
        ["check", "--client-id", "1e400"],
        ["check", "--client-id", "1.5"],
        ["check", "--client-id", "1.0"],
        ["check", "--client-id", "1_000"],
        ["check", "--client-id", "0x10"],
        ["check", "--port", "7497.5"],
        ["check", "--timeout", "1_0"],
        ["check", "--timeout", "ten"],
        ["demo", "--round-trips", "1.5"],
        ["explain", "--server-version", "176.4", "00"],
        ["simulate", "--port", "0.5"],
        ["simulate", "--for", "inf"],
        ["simulate", "--for", "nan"],
        ["simulate", "--max-clients", "1.5"],
        ["simulate", "--stale-seconds", "inf"],
        ["completion"],
        ["completion", "tcsh"],
        ["check", "--timeout", "0"],
        ["check", "--timeout", "nan"],
        ["check", "--timeout", "inf"],
        ["check", "--timeout", "1e400"],
        ["check", "--timeout", "-1"],
        ["check", "9" * 10_000],
        ["check", "127.0.0.1", "9" * 10_000],
        ["check", "127.0.0.1", "0"],
        ["check", "--port", "7497.5e400"],
        ["check", ""],
        ["check", "--host", ""],
        ["check", "--host=-x"],
        ["check", "a\nb"],
        ["check", "a b"],
        ["check", "a\0b"],
        ["check", "\x1b[2J"],
        ["check", "a" * 10_000],
        ["check", "\udcff\ud800"],
        ["check", "127.0.0.1", "7497", "\udcff"],
        ["\udcff"],
        ["x" * 10_000],
        ["simulate", "--port", "-1"],
        ["simulate", "--max-clients", "-1"],
        ["simulate", "--dialog", "maybe"],
    ],
    ids=lambda arguments: ascii(" ".join(arguments))[:40],
)
def test_a_mistake_is_answered_on_stderr_and_with_exit_code_2(arguments: list[str], capsys):
    assert cli.main(arguments) == cli.USAGE
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith("anytws: ")
    assert len(error.splitlines()) <= 8
    assert all(line.isprintable() for line in error.splitlines())


def test_a_mistake_in_a_verb_names_the_help_of_that_verb(capsys):
    cli.main(["check", "--timeout", "soon"])
    assert "anytws check --help" in capsys.readouterr().err


def test_the_version_is_that_of_the_package(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == importlib.metadata.version("anytws")


def test_the_version_in_short(capsys):
    assert cli.main(["-V"]) == 0
    assert capsys.readouterr().out.strip() == importlib.metadata.version("anytws")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_taught_every_verb(shell, capsys):
    assert cli.main(["completion", shell]) == 0
    script, error = capsys.readouterr()
    assert error == ""
    assert all(word in script for word in ("anytws", *VERBS, "explain", "client-id", "bar-size"))


def test_bash_takes_what_it_is_taught(capsys):
    """It is read by the shell of whoever installs it."""
    assert cli.main(["completion", "bash"]) == 0
    bash = shutil.which("bash")
    if bash is not None:
        script = capsys.readouterr().out
        assert subprocess.run([bash, "-n"], input=script, text=True, check=False).returncode == 0


def test_the_arguments_of_the_process_are_the_default(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["anytws", "--version"])
    assert cli.main() == 0
    assert capsys.readouterr().out.strip() == importlib.metadata.version("anytws")


@pytest.mark.parametrize("arguments", [[], ["--help"], *([verb, "--help"] for verb in VERBS)], ids=" ".join)
def test_help_is_plain_in_a_pipe_and_fits_into_80_columns(arguments: list[str], monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.main(arguments) == 0
    text, error = capsys.readouterr()
    assert error == ""
    assert text.isascii()
    assert text.isprintable() is False
    assert ESCAPE not in text
    assert max(map(len, text.splitlines())) <= 80


def test_the_help_names_every_verb(capsys):
    cli.main(["--help"])
    text = capsys.readouterr().out
    assert all(f"\n {verb} " in text for verb in VERBS)


def test_python_dash_m_is_the_command():
    done = anytws("--version")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, importlib.metadata.version("anytws"), "")
    assert anytws("nothing").returncode == cli.USAGE


# How it ends


def test_nobody_reads_any_more():
    """`anytws … | head -1`: no traceback, neither from us nor from Python, which flushes once more when it ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "anytws", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 1


EVERY_VERB = [
    ["check", "127.0.0.1", "1"],
    ["check", "127.0.0.1", "1", "--json"],
    ["demo", "--round-trips", "1"],
    ["watch", "AAPL", "--simulate", "--for", "0.8"],
    ["watch", "AAPL", "--simulate", "--for", "0.8", "--json"],
    ["bars", "AAPL", "--simulate", "--duration", "5 D"],
    ["bars", "AAPL", "--simulate", "--duration", "5 D", "--json"],
    ["account", "--simulate"],
    ["account", "--simulate", "--json"],
    ["orders", "open", "completed", "executions", "--simulate"],
    ["orders", "--simulate", "--json"],
    ["orders", "--simulate", "--live", "--for", "0.1"],
    ["panic", "--simulate", "--yes"],
    ["explain", "0000000739003100343200"],
    ["--help"],
    ["check", "--help"],
    ["--version"],
    ["-V"],
    ["completion", "bash"],
]


class _FullDisk(io.StringIO):
    """What ``/dev/full`` is, where there is one."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("arguments", EVERY_VERB, ids=" ".join)
def test_a_full_disk_is_told_and_is_no_traceback(arguments, monkeypatch, capsys):
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", _FullDisk())
        assert cli.main(arguments) == 1
    assert capsys.readouterr().err == "anytws: it cannot go on: No space left on device\n"


@pytest.mark.parametrize("arguments", [*EVERY_VERB, ["nothing"], ["check", "0"], ["explain", "/"]], ids=" ".join)
def test_without_anywhere_to_write_to_there_is_an_exit_code_all_the_same(arguments, monkeypatch):
    with monkeypatch.context() as patched:
        # As Python has it where a shell has closed them.
        patched.setattr(sys, "stdout", None)
        patched.setattr(sys, "stderr", None)
        code = cli.main(arguments)
    assert code in {0, cli.USAGE, cli.NOT_CONNECTED}


def test_nothing_at_all_is_open():
    command = 'exec "$0" -m anytws check 127.0.0.1 1 <&- >&- 2>&-'
    assert (
        subprocess.run(["/bin/sh", "-c", command, sys.executable], timeout=60, check=False).returncode
        == cli.NOT_CONNECTED
    )


@pytest.mark.parametrize("arguments", [["nothing"], ["check", "0"], ["explain", "/"]], ids=" ".join)
def test_a_mistake_that_cannot_be_told_is_a_mistake_all_the_same(arguments, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", _FullDisk())
        assert cli.main(arguments) == cli.USAGE


@pytest.mark.parametrize("backend", ["trio", "asyncio"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_cancels_and_is_no_error(backend, number):
    cleaned_up = []

    async def verb() -> int:
        try:
            signal.raise_signal(number)
            await anyio.sleep_forever()
        finally:
            cleaned_up.append(True)
        return 0

    assert event_loop.run_interruptible(verb, backend=backend) == cli.INTERRUPTED
    assert event_loop.run_interruptible(verb, backend=backend, when_interrupted=0) == 0
    assert cleaned_up == [True, True]
    # As if nothing had been: whoever calls `main` from a program of his own gets his Ctrl-C back.
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("backend", ["trio", "asyncio"])
def test_a_verb_that_fails_raises_its_own_error_and_no_group(backend):
    async def verb() -> int:
        raise LookupError("this one")

    with pytest.raises(LookupError, match="this one"):
        event_loop.run_interruptible(verb, backend=backend)


@pytest.mark.parametrize("backend", ["trio", "asyncio"])
def test_where_signals_cannot_be_waited_for_the_verb_runs_all_the_same(backend, monkeypatch):
    def unheard_of(*_: object) -> None:
        raise NotImplementedError

    async def verb() -> int:
        return 5

    monkeypatch.setattr(anyio, "open_signal_receiver", unheard_of)
    assert event_loop.run_interruptible(verb, backend=backend) == 5


def test_ctrl_c_during_the_imports(monkeypatch):
    """The command's own imports take a fifth of a second, in which somebody may change their mind."""

    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("importlib.util.find_spec", interrupted)
    assert cli.main(["demo"]) == cli.INTERRUPTED


def test_nothing_of_weight_is_imported_before_ctrl_c_is_minded():
    """What is imported on the way to `main` ends with a traceback: that is `anytws` and this folder, and no more."""
    source = "import sys; before = {*sys.modules}; import anytws.cli; print(*sorted({*sys.modules} - before))"
    told = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True).stdout
    assert {*told.split()} - {"__future__"} == {"anytws", "anytws.cli"}


def test_ctrl_c_before_there_is_an_event_loop(monkeypatch):
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "_app", interrupted)
    assert cli.main(["demo"]) == cli.INTERRUPTED


def test_ctrl_c_out_of_a_verb(monkeypatch):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("anytws.cli.demo.run_interruptible", interrupted)
    assert cli.main(["demo"]) == cli.INTERRUPTED


# How it looks


def test_long_text_is_wrapped_and_begins_where_it_began():
    speak, text = spoken(width=40)
    speak.fact("label", "one two three four five six seven eight", width=8)
    assert text.getvalue() == "  label     one two three four five six\n            seven eight\n"


def test_text_is_not_wrapped_wider_than_people_read():
    speak, text = spoken(width=300)
    speak.row((), "word " * 60)
    assert max(map(len, text.getvalue().splitlines())) <= output.MAX_WIDTH


def test_a_terminal_that_is_too_narrow_for_everything_still_gets_the_text():
    speak, text = spoken(width=10)
    speak.fact("label", "one two three four")
    assert text.getvalue().split() == ["label", "one", "two", "three", "four"]


def test_a_line_that_is_to_stay_one_stays_one():
    speak, text = spoken(width=20)
    speak.row((("#1  ", Tone.STATE),), "word " * 30, wrap=False)
    assert text.getvalue().count("\n") == 1


def test_a_text_of_megabytes_is_cut_and_says_so():
    speak, text = spoken()
    speak.row((), "word " * 1_000_000)
    assert len(text.getvalue()) < 1.1 * output.MAX_TEXT
    assert text.getvalue().endswith("... (5000000 characters)\n")


def test_lines_have_no_blanks_at_their_end():
    speak, text = spoken()
    speak.title("title ")
    speak.fact("label", "")
    assert text.getvalue() == "\ntitle\n  label\n"


def test_markup_in_what_tws_says_is_only_text():
    speak, text = spoken(force_terminal=True)
    speak.row((), "[red]not red[/red] :smile:")
    assert text.getvalue() == "[red]not red[/red] :smile:\n"


@pytest.mark.parametrize(
    "raw, shown",
    [
        ("plain, 中国标准时间, µ", "plain, 中国标准时间, µ"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("two\nlines\ttab", "two\\nlines\\ttab"),
        ("\u202ereversed", "\\u202ereversed"),
    ],
)
def test_nothing_that_comes_over_the_wire_can_steer_the_terminal(raw: str, shown: str):
    assert printable(raw) == shown
    speak, text = spoken(force_terminal=True)
    speak.row((), raw)
    assert text.getvalue() == f"{shown}\n"


@pytest.mark.parametrize("encoding, micro", [("utf-8", "µs"), ("ascii", "us"), ("cp1252", "us")])
def test_letters_that_the_terminal_may_not_have_are_avoided(encoding: str, micro: str):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    assert Output(Console(file=stream)).micro == micro


def test_letters_that_the_terminal_does_not_have_are_no_crash(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    monkeypatch.setattr(sys, "stdout", stream)
    Output(output.open_console()).row((), "中")
    assert stream.buffer.getvalue() == b"\\u4e2d\n"


def test_small_words():
    assert [counted(count, "request") for count in (0, 1, 2)] == ["0 requests", "1 request", "2 requests"]
    assert (address("127.0.0.1", 7), address("::1", 7)) == ("127.0.0.1:7", "[::1]:7")


@pytest.mark.parametrize("is_terminal, paused", [(True, 0.5), (False, 0)])
async def test_only_people_are_waited_for(is_terminal, paused, monkeypatch):
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(anyio, "sleep", sleep)
    speak, _ = spoken(force_terminal=is_terminal)
    await speak.pause(0.5)
    assert slept == [paused]


def test_the_table_of_exit_codes_is_what_the_verbs_give():
    """One table for all verbs, in the page about them."""
    page = (Path(__file__).parents[1] / "docs" / "cli.md").read_text("utf-8")
    table = page.partition("The exit codes are the same for all verbs:")[2].partition("\n## ")[0]
    told = [int(line.split("|")[1]) for line in table.splitlines() if line.startswith("| ") and line[2].isdigit()]
    given = (cli.FAILED, cli.USAGE, cli.SETTINGS, cli.NOT_CONNECTED, cli.REFUSED, cli.INTERRUPTED)
    assert told == [0, *given]
