"""Every form in which people have frames: what was rendered in it is found again, all of it, with who said it."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anytws.cli.pasted import Pasted, PastedInput, frames_in
from anytws.cli.readings import Readings, title_of
from anytws.messages import Side
from anytws.testing.strategies import messages
from anytws.wire.catalogue import entry_of
from anytws.wire.codec import Codec
from tests.pasted_forms import FORMS, Form, fields_of, is_text

VERSIONS = (157, 176, 200, 203, 226)
SEPARATORS = {"ib_async": ",", "exported": "-"}


@st.composite
def conversations(draw: st.DrawFn, form: Form) -> tuple[list[bytes], list[str], Side, int]:
    """Give bodies of one side, with their titles, as far as *form* can hold them."""
    side = form.side or draw(st.sampled_from([*Side]))
    version = draw(st.sampled_from(VERSIONS))
    said = draw(st.lists(messages(side, version), min_size=1, max_size=3))
    codec = Codec(side, version)
    bodies = [codec.encode(message) for message in said]
    titles = [title_of(entry_of(message)) for message in said]
    kept = [pair for pair in zip(bodies, titles, strict=True) if _holds(form, pair[0])]
    bodies, titles = [body for body, _ in kept], [title for _, title in kept]
    return bodies, titles, side, version


def _holds(form: Form, body: bytes) -> bool:
    if not is_text(body):
        return not form.texts_only
    if not form.texts_only:
        return True
    text = "".join(fields_of(body))
    if form.name in ("ib_async", "exported", "caret"):
        # Lines as they are: what ends a line ends the frame, and blanks at an end are nobody's.
        if not text.isprintable() or fields_of(body)[-1] != fields_of(body)[-1].strip() or "^" in text:
            return False
        return SEPARATORS.get(form.name, "\0") not in text
    # Half of a pair, and bytes that are no UTF-8, are nothing that JSON or Rust could say.
    return all(not 0xD800 <= ord(letter) <= 0xDFFF for letter in text) or form.name not in (
        "stoqey",
        "rust",
        "rust message",
    )


def _key(pasted: Pasted) -> tuple[str, ...] | bytes:
    if pasted.body is None:
        return pasted.fields
    return tuple(fields_of(pasted.body)) if is_text(pasted.body) else pasted.body


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_what_was_written_is_found(form: Form) -> None:
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(said=conversations(form))
    def check(said: tuple[list[bytes], list[str], Side, int]) -> None:
        bodies, titles, side, version = said
        text = form.render(bodies, side, version)
        data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
        found = [pasted for pasted in frames_in(data) if not _is_handshake(pasted)]
        sides = {pasted.said_by for pasted in found}
        if form.tells_side:
            assert sides <= {side}
        readings = Readings(version, None if form.tells_side else side)
        assert [readings.best(pasted).title for pasted in found] == titles
        if form.name != "exported":
            assert [_key(pasted) for pasted in found] == [
                tuple(fields_of(body)) if is_text(body) else body for body in bodies
            ]

    check()


def _is_handshake(pasted: Pasted) -> bool:
    return pasted.body is not None and (pasted.body.startswith(b"API\0") or b" UTC\0" in pasted.body)


@given(said=conversations(FORMS[0]), cuts=st.lists(st.integers(1, 200), max_size=6), form=st.sampled_from(FORMS))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_slices_make_no_difference(said: tuple[list[bytes], list[str], Side, int], cuts: list[int], form: Form) -> None:
    """However the bytes of a file or a pipe come: the frames are the same."""
    bodies = [body for body in said[0] if is_text(body)]
    text = form.render(bodies, form.side or said[2], said[3])
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    at, pieces = 0, []
    for cut in cuts:
        pieces.append(data[at : at + cut])
        at += cut
    pieces = [piece for piece in [*pieces, data[at:]] if piece]
    source = PastedInput(partial(next, iter(pieces), b""))
    assert [pasted for pasted in source.frames() if pasted is not None] == [*frames_in(data)]
