"""Records as columns, for pandas, polars, duckdb and pyarrow: by the Arrow C data interface, without any of them.

`Records` is what a run of answers and a batch are; `anytws.columns` makes columns of any other iterable of records.
What type a column gets is decided in `anytws.arrow.kinds` and `anytws.arrow.building`; the rest is how Arrow writes it.

To have records takes none of that: it is imported when somebody asks for columns.
"""

from __future__ import annotations

from anytws.arrow.records import Records

__all__ = ["Records"]
