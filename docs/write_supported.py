"""Write the tables of docs/supported.md: ``python docs/write_supported.py``; ``--check`` only looks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

if __name__ == "__main__":
    # Run as a script, this folder is on the path, and the one above it is not.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from anytws.messages.base import Side
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.rows import Entry, Filler, Layout, Leaf, Many, Part, Row, leaves
from anytws.wire.versions import MAX_VERSION, MIN_VERSION
from docs import blocks
from docs.blocks import row

PAGE = Path(__file__).resolve().with_name("supported.md")


def messages(domain: str, side: Side) -> str:
    """Give the table of what *side* says in one *domain*, and behind it the fields that came later."""
    said = sorted((entry for entry in _entries(domain) if entry.said_by is side), key=lambda entry: entry.id)
    if not said:
        return "Nothing.\n"
    head = row("message", "id", "text", "protobuf") + row("---", "--:", "---", "---")
    return head + "".join(map(_line, said)) + "".join(map(_later, said))


def _line(entry: Entry) -> str:
    return row(f"`{entry.name}`<br>{entry.vendor_name}", entry.id, _text(entry), _protobuf(entry))


def summary() -> str:
    """Give the table of how many messages there are."""
    lines = [row("said by", "messages", "as text", "as protobuf"), row("---", "--:", "--:", "--:")]
    for side in Side:
        said = [entry for entry in CATALOGUE if entry.said_by is side]
        protobuf = [entry for entry in said if entry.protobuf_since is not None]
        lines.append(row(side.name, len(said), len([entry for entry in said if entry.text]), len(protobuf)))
    return "".join(lines)


def _entries(domain: str) -> Iterator[Entry]:
    return (entry for entry in CATALOGUE if entry.cls.__module__.rpartition(".")[2] == domain)


def _text(entry: Entry) -> str:
    first = max(MIN_VERSION, entry.since)
    last = MAX_VERSION if entry.protobuf_since is None else entry.protobuf_since - 1
    return f"{first} to {last}" if entry.text and first <= last else ""


def _protobuf(entry: Entry) -> str:
    return "" if entry.protobuf_since is None else f"from {max(entry.protobuf_since, entry.since)}"


def _later(entry: Entry) -> str:
    """List the fields that a version beyond the oldest one brings, in text or in protobuf; to be opened by a click."""
    brought: dict[str, int] = {}
    for path, since in _bands(entry):
        if since > max(MIN_VERSION, entry.since):
            brought.setdefault(path, since)
    if not brought:
        return ""
    fields = "1 field" if len(brought) == 1 else f"{len(brought)} fields"
    lines = [
        f"- {version}: {', '.join(f'`{path}`' for path, since in brought.items() if since == version)}\n"
        for version in sorted(set(brought.values()))
    ]
    summary = f"<summary><code>{entry.name}</code>: {fields} from later versions</summary>"
    return f"\n<details>{summary}\n\n{''.join(lines)}\n</details>\n"


def _bands(entry: Entry) -> Iterator[tuple[str, int]]:
    yield from _text_bands(entry.layout, "")
    yield from _protobuf_bands(entry.layout, "")


def _text_bands(layout: Layout, prefix: str) -> Iterator[tuple[str, int]]:
    for part in leaves(layout.text_rows):
        if not isinstance(part, Filler):
            yield prefix + part.field, part.since
            for nested in _nested(part):
                yield from _text_bands(nested, f"{prefix}{part.field}.")


def _protobuf_bands(layout: Layout, prefix: str) -> Iterator[tuple[str, int]]:
    for part in leaves(layout.protobuf_rows):
        if isinstance(part, Row):
            yield prefix + part.field, part.protobuf_since
        for nested in _nested(part):
            yield from _protobuf_bands(nested, f"{prefix}{part.field}." if not isinstance(part, Filler) else prefix)


def _nested(part: Leaf) -> list[Layout]:
    """Give the layouts of the records in *part*."""
    inner = part.layout if isinstance(part, Part) else part.of if isinstance(part, Many) else None
    return [inner] if isinstance(inner, Layout) else []


DOMAINS = tuple(dict.fromkeys(entry.cls.__module__.rpartition(".")[2] for entry in CATALOGUE))
"""The files that the messages are in."""


def _block(domain: str, side: Side) -> Callable[[], str]:
    return lambda: messages(domain, side)


BLOCKS: dict[str, Callable[[], str]] = {
    "summary": summary,
    **{f"{domain} by {side.name}": _block(domain, side) for domain in DOMAINS for side in Side},
}
"""What a pair of marks holds. The page has each of them once."""


def main(arguments: Sequence[str] | None = None, page: Path = PAGE) -> int:
    """Write or check *page*; give the exit code, 1 if it is stale."""
    return blocks.write(arguments, page, BLOCKS, "write_supported.py")


if __name__ == "__main__":
    sys.exit(main())
