"""What came instead of what was waited for, kept for the words of an end."""

from __future__ import annotations

import attrs

from anytws.core.events import FrameDiscarded, UndecodableFrame, UnknownMessage
from anytws.errors import shown


@attrs.define
class Oddities:
    """Frames that were passed over."""

    discarded: int = 0
    discarded_last: bytes = b""
    unknown: UnknownMessage | None = None
    """The last one."""
    undecodable: UndecodableFrame | None = None
    """The last one."""

    def note(self, event: FrameDiscarded | UndecodableFrame | UnknownMessage) -> None:
        """Keep what an end may have to tell of *event*."""
        if isinstance(event, FrameDiscarded):
            self.discarded += 1
            self.discarded_last = event.frame
        elif isinstance(event, UndecodableFrame):
            self.undecodable = event
        else:
            self.unknown = event

    def told(self) -> str:
        """Say what came, as the continuation of a sentence; nothing if nothing did."""
        text = ""
        if self.discarded:
            frames = "frame" if self.discarded == 1 else "frames"
            text = f"; {self.discarded} other {frames} came, the last {shown(self.discarded_last)}"
        if self.undecodable is not None:
            text += f"; the last frame that could not be read was {self.undecodable.problem}"
        if self.unknown is not None:
            text += f"; the last frame of an unknown kind was {shown(self.unknown.frame)}"
        return text
