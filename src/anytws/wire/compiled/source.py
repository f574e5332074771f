"""A function that is being written."""

from __future__ import annotations

import linecache
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from anytws.wire.compiled.bet import GiveUp

if TYPE_CHECKING:
    from collections.abc import Generator

NO_NAME: Final = re.compile(r"\W")


class Source:
    """A function that is being written: its lines, and the objects that they name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lines: list[str] = []
        self._depth = 1
        self._names: dict[str, Any] = {"GiveUp": GiveUp}
        self._by_id: dict[int, str] = {}
        self._count = 0

    def constant(self, value: Any, stem: str) -> str:
        """Give what stands for *value* in the source: itself, or a name."""
        return repr(value) if value in (None, ()) or type(value) in (bool, int, str) else self.named(value, stem)

    def add(self, *lines: str) -> None:
        """Add *lines* at the present depth."""
        self._lines += ["    " * self._depth + line for line in lines]

    @contextmanager
    def inside(self, line: str) -> Generator[None]:
        """Add *line*, and what comes meanwhile below it."""
        self.add(line)
        self._depth += 1
        before = len(self._lines)
        yield
        if len(self._lines) == before:
            self.add("pass")
        self._depth -= 1

    def new(self, stem: str) -> str:
        """Give a name that nothing has yet."""
        self._count += 1
        return f"{stem}{self._count}"

    def named(self, value: Any, stem: str) -> str:
        """Give the name of *value* in the source."""
        name = self._by_id.get(id(value))
        if name is None:
            name = self._by_id[id(value)] = self.new(stem)
            self._names[name] = value
        return name

    def function(self, parameter: str, name: str = "read") -> Any:
        """Compile it."""
        head = f"def {name}({parameter}):"
        text = "\n".join([head, *self._lines, ""])
        filename = f"<anytws {self.name}>"
        # A traceback, and a debugger, can show it.
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        exec(compile(text, filename, "exec"), self._names)  # noqa: S102 (made of the catalogue; nothing of the peer's)
        return self._names[name]
