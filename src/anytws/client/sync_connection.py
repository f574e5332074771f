"""A connection for threads that wait: how it begins, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from anytws.client.portal import Portal
from anytws.client.proxies import Proxy
from anytws.client.stay import Stay
from anytws.client.sync_streams import within
from anytws.client.tws import Tws
from anytws.core.arguments import check_timeout
from anytws.core.events import ConnectionClosed

if TYPE_CHECKING:
    from typing import Self

_Connection = TypeVar("_Connection", bound="SyncConnection")


class SyncConnection(Proxy):
    """A connection to TWS for threads that wait: what `anytws.sync.connect` gives. It can be used at once.

    ``with`` it, or call `close`; when the interpreter ends, or nobody holds it any more, it is closed as well. Every
    method may be called from any thread, from several at once, and beside a running event loop, which waits meanwhile.
    It is refused with `RuntimeError` in the connection's own thread, in which hooks and predicates are called, and in a
    fork of the process.

    A thread that waits cannot be cancelled by the end of the connection: every method that is called after it raises
    `ConnectionClosed`, and so does every stream after all that had come. Leaving the ``with`` block raises it as well,
    if it came before and nothing else leaves the block, unless somebody has been told by `closed`.

    Ctrl-C in any of them cancels what is under way, at TWS too, and leaves the connection as it was.
    """

    _inner: Tws

    def __init__(self, portal: Portal, inner: Tws, stay: Stay[Tws]) -> None:
        super().__init__(portal, inner)
        self._stay = stay

    def __repr__(self) -> str:
        return repr(self._inner).replace("<Tws", f"<{type(self).__name__}", 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        outcome = self._portal.leave(self._stay, error)
        self._portal.join()
        if outcome is not None and outcome is not error:
            raise outcome.with_traceback(None)

    def close(self) -> None:
        """Close the connection, when all that was said has left, for which there is a second. Once is enough.

        Raises `ConnectionClosed` if the connection had ended before by itself, as leaving the ``with`` block does.
        """
        self.__exit__(None, None, None)

    def closed(self, *, timeout: float | None = None) -> ConnectionClosed:
        """Wait for the end of the connection and give it; raise `TimeoutError` after *timeout* seconds.

        Whoever waits here has asked to be told so: leaving the ``with`` block does not raise it again.
        """
        check_timeout(timeout)
        try:
            return self._portal.call(
                self._inner.closed if timeout is None else partial(within, timeout, self._inner.closed)
            )
        except ConnectionClosed as end:
            # There is no loop any more, and it says so by this.
            return end


def connected(
    kind: Callable[[Portal, Tws, Stay[Tws]], _Connection],
    opening: Callable[[], AbstractAsyncContextManager[Tws, Any]],
) -> _Connection:
    """Enter the block that *opening* gives, in a thread of its own, and give a connection of that *kind*."""
    portal, stay = Portal("anytws.sync"), Stay(opening, is_shielded=True)
    return kind(portal, portal.open(stay, _end_of), stay)


async def _end_of(tws: Tws) -> Callable[[], ConnectionClosed]:
    # A fresh one for each that raises it: its traceback would grow.
    return (await tws.closed()).again
