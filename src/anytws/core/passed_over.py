"""What came instead of what was waited for, kept for the words of an end: frames, and errors before their time."""

from __future__ import annotations

import attrs

from anytws.core.events import FrameDiscarded, UndecodableFrame, UnknownMessage
from anytws.errors import in_a_sentence, shown
from anytws.messages.session import ErrorMessage


@attrs.define
class PassedOver:
    """Frames that were passed over: how many, and the words for the last of each sort.

    The words and not the frames, of which each may be 16 MB.
    """

    discarded: int = 0
    discarded_last: str = ""
    unknown_last: str = ""
    undecodable_last: str = ""
    word_last: str = ""

    def note(self, event: FrameDiscarded | UndecodableFrame | UnknownMessage) -> None:
        """Keep what an end may have to tell of *event*."""
        if isinstance(event, FrameDiscarded):
            self.discarded += 1
            self.discarded_last = shown(event.frame)
        elif isinstance(event, UndecodableFrame):
            self.undecodable_last = in_a_sentence(event.problem)
        else:
            self.unknown_last = f"{shown(event.frame)}, id {event.told_id}"

    def note_word(self, said: ErrorMessage) -> None:
        """Keep an error or a remark that came before its time."""
        self.word_last = f"{in_a_sentence(said.error_message)} ({said.error_code})"

    def in_words(self) -> str:
        """Say what came, as the continuation of a sentence; nothing if nothing did."""
        text = ""
        if self.discarded:
            frames = "frame" if self.discarded == 1 else "frames"
            text = f"; {self.discarded} other {frames} came, the last {self.discarded_last}"
        if self.undecodable_last:
            text += f"; the last frame that could not be read was {self.undecodable_last}"
        if self.unknown_last:
            text += f"; the last frame of an unknown kind was {self.unknown_last}"
        if self.word_last:
            text += f"; TWS said: {self.word_last}"
        return text
