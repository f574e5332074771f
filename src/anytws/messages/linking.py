"""The vendor's own programs prove who they are: of no use to others, and here for completeness."""

from __future__ import annotations

from anytws.messages.base import ToClient, ToTws, message


@message
class VerifyMessageApi(ToClient):
    """The challenge to a client that wants to prove that a vendor of software wrote it. Internal to the broker."""

    api_data: str


@message
class VerifyCompleted(ToClient):
    """Whether the proof was accepted. Internal to the broker."""

    is_successful: bool
    error_text: str
    """Why not, for people."""


@message
class VerifyAndAuthMessageApi(ToClient):
    """The challenge to a client that proves its origin and logs in at once. Internal to the broker."""

    api_data: str
    xyz_challenge: str


@message
class VerifyAndAuthCompleted(ToClient):
    """Whether the proof and the login were accepted. Internal to the broker."""

    is_successful: bool
    error_text: str
    """Why not, for people."""


@message
class VerifyRequest(ToTws):
    """Ask to be taken for a program of a vendor of software. Internal to the broker."""

    api_name: str
    api_version: str


@message
class VerifyMessageRequest(ToTws):
    """The answer to a `VerifyMessageApi`. Internal to the broker."""

    api_data: str


@message
class VerifyAndAuthRequest(ToTws):
    """Ask to be taken for a program of a vendor of software, and to be logged in. Internal to the broker."""

    api_name: str
    api_version: str
    opaque_isv_key: str


@message
class VerifyAndAuthMessage(ToTws):
    """The answer to a `VerifyAndAuthMessageApi`. Internal to the broker."""

    api_data: str
    xyz_response: str
