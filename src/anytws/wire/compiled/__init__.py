"""Readers as source, written for one message and compiled: several times faster than the closures.

The closures of `anytws.wire.text` and `anytws.wire.protobuf` say what a message means. A reader made here is a bet on
top of them: it takes what TWS usually says, and gives up on everything else, by whatever exception comes first. Then
the closures read the same bytes, and theirs is the answer, be it a message, a `Surplus` or an error. So nothing here
has to explain an error, or to be complete; what it must never do is to read what the closures refuse, or to read it
differently. ``tests/test_text_readers.py`` and its neighbours hold the two against each other.

Where the time goes, and what is done about it:

* A frozen object takes four times as long to make as a plain one. So a *twin* of the class, without the guard, is
  filled, and then told that it is of the real class (`twins`).
* Strict parsers cost half a microsecond a value, and most values come again and again: ids, enumerations, sizes,
  prices, the same sentinel forty times in one order. A `Memo` asks the strict parser once (`memo`, `plain_numbers`).
* Long tables, such as bars, have columns of values that are new each time. One look tells whether all numbers of the
  table are plain, another whether all times of a column have one form; then Python's own parsers read the whole column
  (`columns`, `plain_numbers`, `clocks`).
* A protobuf message of TWS has the same fields each time, so it needs no parser: it is cut at places that are known
  beforehand, and most of its pieces are looked up by their bytes (`shapes`, `outline`, `pieces`, `runs`, `records`).
"""
