"""The settings of TWS itself: read them, change them."""

from __future__ import annotations

from collections.abc import Iterable

from anytws.client.conversing import Conversing
from anytws.errors import SettingsRefused
from anytws.messages.config import (
    ApiConfig,
    ConfigRequest,
    ConfigResponse,
    LockAndExitConfig,
    MessageConfig,
    OrdersConfig,
    UpdateConfigRequest,
    UpdateConfigResponse,
    UpdateConfigWarning,
)


class Config:
    """The settings of TWS itself. It is ``tws.config``. All raise what `Tws.ask` raises."""

    def __init__(self, tws: Conversing) -> None:
        self._tws = tws

    async def read(self, *, timeout: float | None = None) -> ConfigResponse:
        """Give the settings of TWS. From server version 219.

        *timeout* is in seconds from the call, 10 unless something else is said.
        """
        return await self._tws.ask(ConfigRequest(), timeout=timeout)

    async def update(
        self,
        *,
        lock_and_exit: LockAndExitConfig | None = None,
        messages: Iterable[MessageConfig] = (),
        api: ApiConfig | None = None,
        orders: OrdersConfig | None = None,
        accepted_warnings: Iterable[UpdateConfigWarning] = (),
        reset_api_order_sequence: bool | None = None,
        timeout: float | None = None,
    ) -> UpdateConfigResponse:
        """Change settings of TWS, for everybody who uses it; what is None stays as it is. From server version 221.

        It can lock this program out: switch the API off, change its port, let other hosts in. It is said once, and
        never again by itself: after `RequestTimedOut` or `ConnectionClosed` it may have been done or not, and `read`
        tells. *timeout* is in seconds from the call, 30 unless something else is said.

        Raises `SettingsRefused` where TWS has errors, or warnings that are to be accepted first: give
        ``refusal.response.warnings`` back as *accepted_warnings*. What was changed all the same stands there too.
        """
        request = UpdateConfigRequest(
            lock_and_exit,
            tuple(messages),
            api,
            orders,
            tuple(accepted_warnings),
            reset_api_order_sequence,
        )
        response = await self._tws.ask(request, timeout=timeout)
        if response.errors or response.warnings:
            raise SettingsRefused(response)
        return response
