"""What is set up around the orders of a TWS: what its windows show, and its bulletins; and who is told of it."""

from __future__ import annotations

import pytest

from anytws import connect_stream
from anytws.messages.display_groups import (
    DisplayGroupList,
    DisplayGroupUpdated,
    QueryDisplayGroupsRequest,
    SubscribeToGroupEventsRequest,
    UnsubscribeFromGroupEventsRequest,
    UpdateDisplayGroupRequest,
)
from anytws.messages.news import CancelNewsBulletins, NewsBulletin, NewsBulletinsRequest, NewsBulletinType
from anytws.simulator import World
from anytws.simulator.answers.patient import RETRY_SECONDS
from anytws.simulator.desk import MOST_BULLETINS
from anytws.simulator.link import OUTBOX
from anytws.simulator.serve import connect_memory
from tests.test_world import Client

DAY_SECONDS = 86_400.0
AAPL = "265598@SMART"


# Windows


@pytest.mark.card("display_groups.list")
def test_there_are_seven_groups():
    assert Client(World(), client_id=1).ask(QueryDisplayGroupsRequest(7)) == [
        DisplayGroupList(7, (1, 2, 3, 4, 5, 6, 7))
    ]


@pytest.mark.card("display_groups.content")
@pytest.mark.parametrize("version", [178, 226])
def test_what_a_group_shows_is_told_at_once_and_at_each_change(version: int):
    world = World()
    client = Client(world, client_id=1, maximum_version=version)
    assert client.ask(SubscribeToGroupEventsRequest(2, 7)) == [DisplayGroupUpdated(7, "none")]
    world.desk.show(2, AAPL)
    assert client.go(0.0) == [DisplayGroupUpdated(7, AAPL)]
    world.desk.show(2, AAPL)
    world.desk.show(3, "combo")
    assert client.go(1.0) == []
    assert client.ask(UnsubscribeFromGroupEventsRequest(7), 1.0) == []
    world.desk.show(2, "none")
    assert client.go(2.0) == []


@pytest.mark.card("display_groups.content")
def test_all_who_watch_a_group_hear_what_one_client_shows_there():
    world = World()
    clients = [Client(world, client_id=number) for number in range(2)]
    for client in clients:
        client.ask(SubscribeToGroupEventsRequest(1, 7))
    assert clients[0].ask(UpdateDisplayGroupRequest(AAPL, 7)) == [DisplayGroupUpdated(7, AAPL)]
    assert clients[1].go(0.0) == [DisplayGroupUpdated(7, AAPL)]
    late = Client(world, client_id=5)
    assert late.ask(SubscribeToGroupEventsRequest(1, 3)) == [DisplayGroupUpdated(3, AAPL)]


@pytest.mark.card("display_groups.refused")
@pytest.mark.parametrize("words", ["", "apple", "1@", "265598@smart", "9" * 11, "x" * 10_000])
def test_what_cannot_be_shown_is_refused(words: str):
    client = Client(World(), client_id=1)
    (error,) = client.ask(UpdateDisplayGroupRequest(AAPL, 7))
    assert (error.request_id, error.error_code) == (7, 321)
    client.ask(SubscribeToGroupEventsRequest(1, 7))
    (error,) = client.ask(UpdateDisplayGroupRequest(words, 7))
    assert (error.request_id, error.error_code) == (7, 321)
    (error,) = client.ask(SubscribeToGroupEventsRequest(8, 9))
    assert (error.request_id, error.error_code) == (9, 321)
    (error,) = client.ask(SubscribeToGroupEventsRequest(1, 7))
    assert (error.request_id, error.error_code) == (7, 322)


async def test_a_person_at_tws_is_heard_of_at_once():
    world = World()
    async with connect_memory(world) as raw, connect_stream(raw) as client:
        async with client.stream(SubscribeToGroupEventsRequest(1)) as told:
            assert (await anext(told)).contract_info == "none"
            world.desk.show(1, AAPL)
            assert (await anext(told)).contract_info == AAPL


# Bulletins


@pytest.mark.card("news.bulletins")
@pytest.mark.parametrize("version", [178, 226])
def test_bulletins_come_to_those_who_want_them(version: int):
    world = World()
    client, other = (Client(world, client_id=number, maximum_version=version) for number in range(2))
    first = world.desk.announce("The exchange\nhas closed.", NewsBulletinType.EXCHANGE_UNAVAILABLE, "NOWHERE")
    assert client.go(0.0) == []
    assert client.ask(NewsBulletinsRequest(all_messages=True)) == [first]
    second = world.desk.announce("A system will be down.")
    assert second == NewsBulletin(2, NewsBulletinType.REGULAR, "A system will be down.", "")
    assert (client.go(1.0), other.go(1.0)) == ([second], [])
    assert other.ask(NewsBulletinsRequest(), 1.0) == []
    assert client.ask(CancelNewsBulletins(), 1.0) == []
    third = world.desk.announce("It is down.")
    assert (client.go(2.0), other.go(2.0)) == ([], [third])


@pytest.mark.card("news.bulletins")
def test_a_second_request_is_no_second_stream_and_yesterday_is_over():
    world = World()
    client = Client(world, client_id=1)
    world.desk.announce("Yesterday.")
    client.go(DAY_SECONDS)
    today = world.desk.announce("Today.")
    for _ in range(2):
        assert client.ask(NewsBulletinsRequest(all_messages=True), DAY_SECONDS) == [today]
    news = world.desk.announce("Now.")
    assert client.go(DAY_SECONDS) == [news]


def test_so_many_bulletins_are_kept_and_no_more():
    world = World()
    client = Client(world, client_id=1)
    for number in range(MOST_BULLETINS + 5):
        world.desk.announce(f"{number}")
    told = client.ask(NewsBulletinsRequest(all_messages=True))
    assert [bulletin.news_message_id for bulletin in told] == list(range(6, MOST_BULLETINS + 6))


def test_a_client_that_does_not_read_is_told_when_it_does():
    world = World()
    client = Client(world, client_id=1)
    client.ask(NewsBulletinsRequest())
    world.desk.announce("x" * OUTBOX)
    client.link.wake(0.0)
    world.desk.announce("At last.")
    client.link.wake(0.0)
    assert client.link.wake_at() == RETRY_SECONDS
    assert [each.news_message for each in client.go(0.0)] == ["x" * OUTBOX]
    assert [each.news_message for each in client.go(RETRY_SECONDS)] == ["At last."]
