"""``anytws explain --mask``: what can be posted has no accounts, ids or names in it, and still is the same frames."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from anytws import cli
from anytws.cli.masked import ACCOUNTS, EXECUTIONS, FREE, NAMES, PERMANENT, FrameMask
from anytws.cli.pasted import frames_in
from anytws.cli.readings import Reading, Readings
from anytws.messages import (
    AccountValue,
    ErrorMessage,
    LimitOrder,
    ManagedAccounts,
    OpenOrder,
    OrderState,
    PlaceOrderRequest,
    ReceiveFA,
    Side,
    Stock,
    TickGeneric,
    TickType,
)
from anytws.testing.strategies import messages
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.codec import Codec
from anytws.wire.frames import frame
from anytws.wire.rows import Choice, Filler, Layout, Many, Part, leaves
from tests.hostile_frames import nested
from tests.pasted_forms import FORMS, is_text


def masked(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, data: bytes, *options: str) -> str:
    """Give what the verb writes for *data*."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert cli.main(["explain", "--mask", *options]) == 0
    return capsys.readouterr().out


def frame_masked(mask: FrameMask, body: bytes, side: Side, version: int) -> tuple[str | None, Reading]:
    (pasted,) = frames_in(frame(body))
    reading = Readings(version, side).best(pasted)
    return mask.line(pasted, reading), reading


def test_a_number_that_looks_like_an_account_stays(capsys, monkeypatch):
    """The vendor writes nothing as its largest double: changed, it would be no number any more."""
    nothing = frame(Codec(Side.TWS, 157).encode(TickGeneric(5, TickType.LAST, None)))
    assert "'1.7976931348623157E308'" in masked(capsys, monkeypatch, nothing, "--from", "tws")


def test_what_stands_in_the_place_of_another_value_is_hidden_too(capsys, monkeypatch):
    """A frame that somebody has mended by hand, or that is another message than it looks like."""
    text = b"12\x001\x007\x00DU1234567\x000\x000\x004.5\x0010\0"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(frame(text))))
    assert cli.main(["explain", "--mask", "--from", "tws"]) == 1
    out = capsys.readouterr().out
    assert "'DU0000001'" in out
    assert "1234567" not in out


def test_an_odd_value_of_protobuf_is_hidden_and_what_we_do_not_know_is_left_out(capsys, monkeypatch):
    """Position is 61: account, contract, position, average cost."""
    body = (261).to_bytes(4, "big") + nested(1, b"DU1234567") + nested(3, b"U7654321") + nested(77, b"U1111111")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(frame(body))))
    assert cli.main(["explain", "--mask", "--from", "tws"]) == 1
    shown = bytes.fromhex(capsys.readouterr().out.split()[1])
    assert nested(1, b"DU0000001") in shown
    assert not [secret for secret in (b"1234567", b"7654321", b"U1111111") if secret in shown]


# --- the frames are whole ----------------------------------------------------------------------------------------


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data(), side=st.sampled_from([*Side]), version=st.sampled_from([157, 176, 200, 203, 226]))
def test_what_is_masked_is_explained_as_the_same_message(data: st.DataObject, side: Side, version: int) -> None:
    """With the same fields, of which all that are no secret say the same, and each is as long as it was."""
    message = data.draw(messages(side, version))
    body = Codec(side, version).encode(message)
    line, before = frame_masked(FrameMask(), body, side, version)
    assert line is not None
    assert line.isascii()
    (pasted,) = frames_in(f"{line}\n".encode())
    assert pasted.said_by is side
    after = Readings(version).best(pasted)
    assert (after.title, after.is_whole) == (before.title, True)
    assert [seen.path for seen in after.fields] == [seen.path for seen in before.fields]
    for old, new in zip(before.fields, after.fields, strict=True):
        assert len(new.text) == len(old.text)
        if not _may_change(old.path):
            assert new.text == old.text


def _may_change(path: str) -> bool:
    name = path.partition("[")[0] if path.endswith("]") else path
    last = name.rpartition(".")[2]
    return (
        last in ACCOUNTS | PERMANENT | EXECUTIONS | NAMES | FREE
        or "soft_dollar_tier" in path
        or "tiers[" in path
        or (path.endswith("]"))
    )


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_it_is_the_same_whatever_it_was_pasted_as(form, capsys, monkeypatch) -> None:
    side = form.side or Side.TWS
    body = Codec(side, 176).encode(ManagedAccounts(("DU1234567", "DU7654321")))
    said = form.render([body], side, 176)
    out = masked(capsys, monkeypatch, said if isinstance(said, bytes) else said.encode(), "--from", "tws")
    assert "<<< ['15', '1', 'DU0000001,DU0000002']" in out


# --- nothing is told ---------------------------------------------------------------------------------------------

SECRETS = ("DU1234567", "123456789", "Jane Doe", "U7654321")


def _conversation(version: int) -> Iterator[bytes]:
    codec = Codec(Side.TWS, version)
    order = LimitOrder("BUY", 1, 10.5, account="DU1234567", order_reference="Jane Doe", fa_group="Jane Doe")
    order = attrs.evolve(order, permanent_id=123456789, parent_permanent_id=1234567890)
    yield codec.encode(ManagedAccounts(("DU1234567", "U7654321")))
    yield codec.encode(OpenOrder(7, Stock("AAPL"), order, OrderState(status="Submitted")))
    yield codec.encode(AccountValue("AccountCode", "U7654321", "", "U7654321"))
    yield codec.encode(ErrorMessage(7, 201, "Order rejected - reason: account DU1234567 of U7654321"))
    yield codec.encode(ReceiveFA(1, "<Group><name>Jane Doe</name><String>DU1234567</String></Group>"))


@pytest.mark.parametrize("version", [176, 203, 226])
def test_no_secret_is_left(version: int, capsys, monkeypatch) -> None:
    data = b"".join(map(frame, _conversation(version)))
    out = masked(capsys, monkeypatch, data, "--from", "tws", "--server-version", str(version))
    raw = b"".join([bytes.fromhex(line[4:]) for line in out.splitlines() if line[4:].isalnum()]).decode("latin-1")
    for secret in SECRETS:
        assert secret not in out
        assert secret not in raw
    readings = Readings(version)
    said = {
        reading.entry.name: reading
        for pasted in frames_in(out.encode())
        if pasted.version is None and (reading := readings.best(pasted)).entry is not None
    }
    assert [*said] == ["ManagedAccounts", "OpenOrder", "AccountValue", "ErrorMessage", "ReceiveFA"]
    # What belongs together still does.
    texts = {seen.path: seen.text for reading in said.values() for seen in reading.fields}
    assert texts["accounts"].split(",")[0] == texts["order.account"] == "DU0000001"
    assert texts["error_message"] == "Order rejected - reason: account DU0000001 of U0000002"
    assert texts["order.order_reference"] == texts["order.fa_group"] == "xxxxxxx1"
    assert len(texts["order.permanent_id"]) == 9
    assert texts["xml"] == "<Group><name>xxxxxxx1</name><String>DU0000001</String></Group>"


@given(
    account=st.builds(
        lambda letters, digits: letters + digits,
        st.sampled_from(["U", "DU", "F", "DF", "I"]),
        st.from_regex(r"[1-9]{5,9}", fullmatch=True),
    ),
    version=st.sampled_from([176, 226]),
    text=st.sampled_from(["{}", "of {}.", "x{}x", "'{}'", "{},{}"]),
)
def test_no_text_has_the_digits_of_an_account(account: str, version: int, text: str) -> None:
    # The vendor's largest double has digits of its own.
    assume(account.lstrip("DUFI") not in "1.7976931348623157E308")
    mask = FrameMask()
    codec = Codec(Side.TWS, version)
    request = Codec(Side.CLIENT, version).encode(
        PlaceOrderRequest(Stock("AAPL"), LimitOrder("BUY", 1, 1.5, account=account), order_id=1)
    )
    for body, side in (
        (codec.encode(ManagedAccounts((account,))), Side.TWS),
        (codec.encode(ErrorMessage(7, 200, text.replace("{}", account))), Side.TWS),
        (request, Side.CLIENT),
    ):
        line, _ = frame_masked(mask, body, side, version)
        assert line is not None
        shown = line if is_text(body) else bytes.fromhex(line[4:]).decode("latin-1")
        assert account not in shown
        assert account.lstrip("DUFI") not in shown


def test_the_lines_around_are_not_written(capsys, monkeypatch) -> None:
    out = masked(capsys, monkeypatch, b"Jane Doe wrote\n<<< 9,1,42\nher password is 1234\n")
    assert out == "<<< ['9', '1', '42']\n# passed over: 2 lines without a frame (34 of 47 bytes)\n"


def test_what_cannot_be_read_is_left_out(capsys, monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"<<< 15,1\n<<< 777,DU1234567\n<<< 9,1,42\n")))
    assert cli.main(["explain", "--mask"]) == 1
    out = capsys.readouterr().out
    assert out.count("left out") == 2
    assert out.endswith("<<< ['9', '1', '42']\n")
    assert "DU1234567" not in out


def test_zero_and_nothing_are_no_ids() -> None:
    mask = FrameMask()
    for text in ("", "0", "-1", "9223372036854775807", "2147483647"):
        assert mask.text("OpenOrder", "order.permanent_id", text) == text
    assert mask.text("OpenOrder", "order.account", "") == ""
    assert mask.text("AccountSummaryRequest", "group", "All") == "All"


# --- the list is whole -------------------------------------------------------------------------------------------

SWITCHES = {
    "bypass_flagged_accounts_warning",
    "combo_key",
    "key",
    "let_api_account_requests_switch_subscription",
    "round_account_values_to_nearest_whole_number",
    "use_account_groups_with_allocation_methods",
}
"""What only sounds like one: settings, and the names of values."""


def _names_of(layout: Layout | Choice) -> Iterator[str]:
    if isinstance(layout, Choice):
        for option in layout.options.values():
            yield from _names_of(option)
        return
    for row in [*leaves(layout.text_rows), *leaves(layout.protobuf_rows)]:
        if isinstance(row, Filler):
            continue
        yield row.field.rpartition(".")[2]
        inner: Any = row.layout if isinstance(row, Part) else row.of if isinstance(row, Many) else None
        if isinstance(inner, (Layout, Choice)):
            yield from _names_of(inner)


def test_every_field_that_sounds_like_a_secret_is_masked_or_listed() -> None:
    """A message of a later version cannot bring an account in by another name."""
    names = {name for entry in CATALOGUE for name in _names_of(entry.layout)}
    words = (
        "account",
        "permanent",
        "perm_id",
        "operator",
        "shareholder",
        "submitter",
        "decision",
        "trader",
        "password",
        "key",
    )
    suspicious = {name for name in names if any(word in name for word in words)}
    known = ACCOUNTS | PERMANENT | EXECUTIONS | NAMES | FREE
    assert suspicious - known == SWITCHES
    assert names >= (ACCOUNTS | PERMANENT | EXECUTIONS | NAMES | FREE)
