"""The settings of TWS, from end to end: read, changed, and what TWS says against it."""

from __future__ import annotations

import pickle

import pytest

from anytws import LocalProtocolError, RequestFailed, RequestTimedOut, SettingsRefused
from anytws.messages import ApiConfig, ApiSettingsConfig, ErrorMessage, UpdateConfigRequest, UpdateConfigResponse
from anytws.messages.config import UpdateConfigWarning
from tests.in_memory import Script, connected


async def test_settings_are_read_and_changed() -> None:
    async with connected() as tws:
        before = await tws.config.read()
        assert before.api is not None
        api = ApiConfig(settings=ApiSettingsConfig(bulk_data_timeout=77))
        response = await tws.config.update(api=api)
        assert response.changed_fields
        after = (await tws.config.read()).api
        assert after is not None
        assert after.settings is not None
        assert after.settings.bulk_data_timeout == 77


async def test_a_warning_has_to_be_accepted() -> None:
    async with connected() as tws:
        api = ApiConfig(settings=ApiSettingsConfig(allow_localhost_only=False))
        with pytest.raises(SettingsRefused, match="accepted first") as caught:
            await tws.config.update(api=api)
        warnings = caught.value.response.warnings
        assert (await tws.config.update(api=api, accepted_warnings=warnings)).changed_fields


async def test_what_was_changed_in_spite_of_errors_is_told() -> None:
    response = UpdateConfigResponse(0, "partial", None, ("a", "b"), ("no \x1b such port",), (UpdateConfigWarning(1),))
    script = Script({UpdateConfigRequest: [response]})
    async with connected(script.world) as tws:
        with pytest.raises(SettingsRefused, match=r"2 fields were changed.*no \\x1b such port") as caught:
            await tws.config.update(reset_api_order_sequence=True)
        assert caught.value.response.changed_fields == ("a", "b")
        again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 (our own)
        assert again.response == caught.value.response


async def test_a_refusal_is_an_error() -> None:
    script = Script({UpdateConfigRequest: [ErrorMessage(0, 321, "read-only")]})
    async with connected(script.world) as tws:
        with pytest.raises(RequestFailed):
            await tws.config.update()


@pytest.mark.virtual_time
async def test_a_change_is_never_said_twice() -> None:
    script = Script({UpdateConfigRequest: []})
    async with connected(script.world) as tws:
        with pytest.raises(RequestTimedOut):
            await tws.config.update()
        assert len(script.asked) == 1


async def test_an_old_tws_has_no_settings_for_clients() -> None:
    async with connected(server_version=200) as tws:
        for ask in (tws.config.read, tws.config.update):
            with pytest.raises(LocalProtocolError) as caught:
                await ask()
            assert caught.value.code == 503
