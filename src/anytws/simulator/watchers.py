"""How whoever carries bytes hears that there is something to do: the one idiom for it, of worlds and of links."""

from __future__ import annotations

from collections.abc import Callable


class Watchers:
    """Functions that are called when something has changed, each until it is taken off again."""

    def __init__(self) -> None:
        self._callbacks: dict[object, Callable[[], None]] = {}

    def __len__(self) -> int:
        return len(self._callbacks)

    def add(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have *callback* called from now on; give the function that ends this, which may be called more than once."""
        key = object()
        self._callbacks[key] = callback

        def stop() -> None:
            self._callbacks.pop(key, None)

        return stop

    def call(self) -> None:
        """Call them all, in the order in which they came."""
        for callback in tuple(self._callbacks.values()):
            callback()
