"""Answers about the settings of TWS: read them, change them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from anytws.messages.base import ToClient, replace
from anytws.messages.config import ConfigRequest, UpdateConfigRequest, UpdateConfigResponse
from anytws.simulator import configuration
from anytws.simulator.answers.answer import Answer, Answers, id_of
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client


def tell_settings(client: Client, request: ConfigRequest) -> Iterable[ToClient]:
    """Give all settings."""
    world = client.world
    yield replace(configuration.told(world.desk.configuration, world.settings), request_id=id_of(request))


def change_settings(client: Client, request: UpdateConfigRequest) -> Iterable[ToClient]:
    """Change them, or say what speaks against it."""
    world = client.world
    outcome = configuration.updated(world.desk.configuration, world.settings, request)
    world.desk.configuration, world.settings = outcome.kept, outcome.settings
    status, text = "success", "The settings were updated."
    if outcome.errors:
        status, text = "error", "Nothing was changed."
    elif outcome.warnings:
        status, text = "warning", "Nothing was changed: accept the warnings first."
    yield UpdateConfigResponse(id_of(request), status, text, outcome.changed, outcome.errors, outcome.warnings)


ANSWERS: Final[Answers] = {ConfigRequest: Answer(tell_settings), UpdateConfigRequest: Answer(change_settings)}

CARDS: Final = (
    Card(
        "config.read",
        "ConfigResponse has all settings: lock and exit, messages, API precautions and settings, SMART routing.",
        Evidence.DOCUMENTED,
        "fields of the official client; no recording has been found",
        "Read-only, localhost, trusted addresses, the master client, lots of US stocks and the zone of bars are those "
        "that hold here; all other values are invented.",
    ),
    Card(
        "config.update",
        "An update changes what it names, all or nothing, and tells the vendor's names of what was changed; a warning "
        "has to be given back as accepted first.",
        Evidence.DOCUMENTED,
        "fields of the official client; its words for the outcome are chosen",
        "What holds here takes effect at once; the rest is kept and said back. Opening TWS to other hosts gives the "
        "one warning.",
    ),
    Card(
        "config.not_simulated",
        "A change of the port, or of the order ids' sequence, gets an error in the answer.",
        Evidence.CHOSEN,
        "a simulated TWS is where its server has put it",
    ),
)
