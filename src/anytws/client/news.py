"""News: providers, articles, headlines of the past, bulletins."""

from __future__ import annotations

from anytws.client.conversing import Conversing


class News:
    """News: providers, articles, headlines, bulletins. It is ``tws.news``."""

    def __init__(self, tws: Conversing) -> None:
        self._tws = tws
