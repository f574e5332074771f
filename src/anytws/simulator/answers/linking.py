"""Answers to programs that want to prove who they are: nobody can, here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from anytws.messages.base import ToClient
from anytws.messages.linking import (
    VerifyAndAuthCompleted,
    VerifyAndAuthMessage,
    VerifyAndAuthRequest,
    VerifyCompleted,
    VerifyMessageRequest,
    VerifyRequest,
)
from anytws.simulator.answers.answer import Answer, Answers
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client

_WHY: Final = "Verification of third-party programs is not offered"


def refuse(_: Client, __: VerifyRequest | VerifyMessageRequest) -> Iterable[ToClient]:
    """Say that the proof is not accepted."""
    yield VerifyCompleted(is_successful=False, error_text=_WHY)


def refuse_login(_: Client, __: VerifyAndAuthRequest | VerifyAndAuthMessage) -> Iterable[ToClient]:
    """Say that neither proof nor login are accepted."""
    yield VerifyAndAuthCompleted(is_successful=False, error_text=_WHY)


ANSWERS: Final[Answers] = {
    VerifyRequest: Answer(refuse),
    VerifyMessageRequest: Answer(refuse),
    VerifyAndAuthRequest: Answer(refuse_login),
    VerifyAndAuthMessage: Answer(refuse_login),
}

CARDS: Final = (
    Card(
        "linking.refused",
        "A program that wants to prove its origin is refused, by VerifyCompleted or VerifyAndAuthCompleted, and told "
        "why; no challenge is ever given.",
        Evidence.CHOSEN,
        "these messages are for programs that IB has given a key; nobody else has seen an answer",
        "Not simulated.",
    ),
)
