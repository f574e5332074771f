"""Answers about executions, of which there are none here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from anytws.messages.base import ToClient
from anytws.messages.executions import ExecutionDetailsEnd, ExecutionRequest
from anytws.simulator.answers.answer import Answer, Answers, id_of
from anytws.simulator.client import Client


def end_executions(_: Client, request: ExecutionRequest) -> Iterable[ToClient]:
    """End a download without executions (documented; some builds stay silent)."""
    yield ExecutionDetailsEnd(id_of(request))


ANSWERS: Final[Answers] = {ExecutionRequest: Answer(end_executions)}
