"""Answers about the settings of TWS."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from anytws.messages.base import ToClient
from anytws.messages.config import ApiConfig, ApiSettingsConfig, ConfigRequest, ConfigResponse
from anytws.simulator.answers.answer import Answer, Answers, id_of
from anytws.simulator.client import Client


def tell_settings(client: Client, request: ConfigRequest) -> Iterable[ToClient]:
    """Give those of the settings that there are here (chosen: a real one has many more)."""
    settings = client.world.settings
    told = ApiSettingsConfig(
        read_only_api=settings.read_only,
        allow_localhost_only=settings.localhost_only,
        trusted_ips=tuple(sorted(settings.trusted_addresses)),
    )
    yield ConfigResponse(id_of(request), api=ApiConfig(settings=told))


ANSWERS: Final[Answers] = {ConfigRequest: Answer(tell_settings)}
