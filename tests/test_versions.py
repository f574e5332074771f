"""Server versions by the vendor's names: each number has one name, and no table says a version without one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from anytws.wire import versions
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.rows import Choice, Layout, Many, Part, Row, leaves

NAMED = {name: value for name, value in vars(versions).items() if isinstance(value, int)}
ENDS = {"MIN_VERSION", "MAX_VERSION"}


def test_each_number_has_one_name_and_they_stand_in_order() -> None:
    """A second name for a number, or a number typed twice, would be found nowhere else."""
    numbers = [number for name, number in NAMED.items() if name not in ENDS]
    assert all(first < second for first, second in pairwise(numbers))


def test_the_ends_of_our_range_are_versions_with_a_name() -> None:
    numbers = [number for name, number in NAMED.items() if name not in ENDS]
    assert max(numbers) == versions.MAX_VERSION
    assert min(numbers) < versions.MIN_VERSION < versions.PROTOBUF < versions.MAX_VERSION
    assert versions.MIN_VERSION in numbers


def versions_in(layout: Layout) -> Iterator[int]:
    """Give the versions that the rows of *layout* name, and those of the records in it."""
    for row in [*leaves(layout.text_rows), *leaves(layout.protobuf_rows)]:
        yield from (row.since, row.until or 0, row.protobuf_since if isinstance(row, Row) else 0)
        inner = row.layout if isinstance(row, Part) else row.of if isinstance(row, Many) else None
        for nested in inner.options.values() if isinstance(inner, Choice) else [inner]:
            if isinstance(nested, Layout):
                yield from versions_in(nested)


def test_every_version_of_a_table_has_a_name_here() -> None:
    """One line here, and the name in the row: a bare number would say nothing to whoever reads the table."""
    for entry in CATALOGUE:
        used = {entry.since, entry.protobuf_since or 0, *versions_in(entry.layout)}
        used |= {end for gate in entry.gates for end in (gate.since, gate.until or 0)}
        assert used <= {0, *NAMED.values()}, entry.name


def test_none_of_them_lies_beyond_our_range() -> None:
    """What comes behind the newest version that we know, we do not know."""
    assert {number for number in NAMED.values() if number > versions.MAX_VERSION} == set()
