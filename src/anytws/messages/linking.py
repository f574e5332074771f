"""The vendor's own programs prove who they are: of no use to others, and here for completeness."""

from __future__ import annotations

from anytws.messages.base import ToClient, ToTws, message


@message
class VerifyMessageApi(ToClient):
    """The challenge to a client that wants to prove that a vendor of software wrote it. Internal to the broker."""

    api_data: str
    """The challenge, in a form of the broker's own."""


@message
class VerifyCompleted(ToClient):
    """Whether the proof was accepted. Internal to the broker."""

    is_successful: bool
    """Whether it was accepted."""
    error_text: str
    """Why not, for people."""


@message
class VerifyAndAuthMessageApi(ToClient):
    """The challenge to a client that proves its origin and logs in at once. Internal to the broker."""

    api_data: str
    """The challenge, in a form of the broker's own."""
    xyz_challenge: str
    """A second challenge, in a form of the broker's own."""


@message
class VerifyAndAuthCompleted(ToClient):
    """Whether the proof and the login were accepted. Internal to the broker."""

    is_successful: bool
    """Whether both were accepted."""
    error_text: str
    """Why not, for people."""


@message
class VerifyRequest(ToTws):
    """Ask to be taken for a program of a vendor of software. Internal to the broker."""

    api_name: str
    """The program's name."""
    api_version: str
    """The program's version."""


@message
class VerifyMessageRequest(ToTws):
    """The answer to a `VerifyMessageApi`. Internal to the broker."""

    api_data: str
    """The answer, in a form of the broker's own."""


@message
class VerifyAndAuthRequest(ToTws):
    """Ask to be taken for a program of a vendor of software, and to be logged in. Internal to the broker."""

    api_name: str
    """The program's name."""
    api_version: str
    """The program's version."""
    opaque_isv_key: str
    """The key of the program's maker, in a form of the broker's own."""


@message
class VerifyAndAuthMessage(ToTws):
    """The answer to a `VerifyAndAuthMessageApi`. Internal to the broker."""

    api_data: str
    """The answer, in a form of the broker's own."""
    xyz_response: str
    """The answer to the second challenge, in a form of the broker's own."""
