"""What came instead of what was waited for, kept for the words of an end."""

from __future__ import annotations

import attrs

from anytws.core.events import FrameDiscarded, UndecodableFrame, UnknownMessage


@attrs.define
class Oddities:
    """Frames that were passed over."""

    discarded: int = 0
    undecodable: UndecodableFrame | None = None
    """The last one."""

    def note(self, event: FrameDiscarded | UndecodableFrame | UnknownMessage) -> None:
        """Keep what an end may have to tell of *event*."""
        if isinstance(event, FrameDiscarded):
            self.discarded += 1
        elif isinstance(event, UndecodableFrame):
            self.undecodable = event

    def told(self) -> str:
        """Say what came, as the continuation of a sentence; nothing if nothing did."""
        text = ""
        if self.discarded:
            text = f"; {self.discarded} other frame{'' if self.discarded == 1 else 's'} came"
        if self.undecodable is not None:
            text += f"; the last frame that could not be read was {self.undecodable.problem}"
        return text
