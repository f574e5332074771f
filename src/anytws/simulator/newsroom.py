"""Made-up news: which stories there are about an instrument, whose they are, and what they say.

There is no memory in it. A story is drawn from the seed, its instrument and its hour, so it is found again by its
article id alone, today, next week and on another machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import attrs

from anytws.simulator.chance import below, draw, key_of

if TYPE_CHECKING:
    from anytws.simulator.ground import Ground
    from anytws.simulator.universe.instrument import Instrument

PROVIDERS: Final = {
    "BRFG": "Briefing.com General Market Columns",
    "BRFUPDN": "Briefing.com Analyst Actions",
    "DJNL": "Dow Jones Newsletters",
    "DJ-N": "Dow Jones News",
    "DJ-RTG": "Dow Jones Top Stories Global",
    "DJ-RTPRO": "Dow Jones Top Stories Pro",
    "DJ-RTA": "Dow Jones Top Stories Asia Pacific",
    "DJ-RTE": "Dow Jones Top Stories Europe",
}
"""The providers that there are, by their codes."""

HOUR_MS: Final = 3_600_000
KEPT_HOURS: Final = 90 * 24
"""How far back stories can be found (chosen)."""

_NEWS: Final = key_of("news")
_PLACES: Final = 4096
_HOURS: Final = 2**20
_TAIL: Final = 8
_BY_DAY: Final = 400
_BY_NIGHT: Final = 130
"""How likely a story is in an hour, of a thousand."""
_CARRIES: Final = 2
"""One in so many stories is carried by a provider."""
_DOW_JONES: Final = "DJ"
_DAY_HOURS: Final = frozenset(range(11, 22))


@attrs.frozen
class Headline:
    """A story, as one provider has it."""

    at: int
    """Milliseconds since 1970."""
    provider: str
    article_id: str
    text: str
    """The headline, without tags; ``!`` in front where it is an update."""
    tags: str
    """For whom it is and how good it is, as the provider says it: ``A:800015:L:en``."""

    @property
    def with_tags(self) -> str:
        """The headline as history has it: its tags in front."""
        return f"{{{self.tags}}}{self.text}" if self.tags else self.text


@attrs.frozen
class _Story:
    place: int
    """Of its instrument in the universe."""
    hour: int
    """Since 1970."""
    keys: tuple[int, int, int, int]

    @property
    def at(self) -> int:
        return self.hour * HOUR_MS + below(HOUR_MS, *self.keys, 1)

    @property
    def tail(self) -> str:
        return f"{self.hour * _PLACES + self.place:0{_TAIL}x}"

    def is_carried_by(self, provider: str) -> bool:
        return below(_CARRIES, *self.keys, 2, key_of(provider)) == 0


def headlines(
    world: Ground, instrument: Instrument, begin: int, end: int, providers: Sequence[str]
) -> Iterator[Headline]:
    """Give the headlines of *providers* about *instrument* after *begin* up to *end*, both in ms, newest first.

    What is derived from something else has the news of that. Stories older than 90 days are not kept, and those after
    the time of *world* have not happened.
    """
    subject = _subject(world, instrument)
    place = _place(world, subject)
    end = min(end, world.ms())
    if place is None or end < 0:
        return
    first = max(begin // HOUR_MS, end // HOUR_MS - KEPT_HOURS, 0)
    for hour in range(end // HOUR_MS, first - 1, -1):
        story = _story(world, place, hour)
        if story is not None and begin < story.at <= end:
            yield from (_headline(subject, story, each) for each in providers if story.is_carried_by(each))


def next_at(world: Ground, instrument: Instrument, after: int, providers: Sequence[str]) -> int:
    """Give when the next headline comes after *after*, in ms since 1970; where none does, the end of the next hour."""
    place = _place(world, _subject(world, instrument))
    hour = after // HOUR_MS
    if place is not None and after >= 0:
        for each in (hour, hour + 1):
            story = _story(world, place, each)
            if story is not None and story.at > after and any(map(story.is_carried_by, providers)):
                return story.at
    return (hour + 2) * HOUR_MS - 1


def article(world: Ground, article_id: str, providers: Sequence[str]) -> str | None:
    """Give the text of an article of one of *providers*, as HTML; None: there is none of that id."""
    provider, _, tail = article_id.partition("$")
    if provider not in providers or len(tail) != _TAIL or not set(tail) <= set("0123456789abcdef"):
        return None
    hour, place = divmod(int(tail, 16), _PLACES)
    instruments = world.universe.instruments
    story = _story(world, place, hour) if place < len(instruments) else None
    if story is None or story.at > world.ms() or not story.is_carried_by(provider):
        return None
    headline = _headline(instruments[place], story, provider)
    body = _BODIES[draw(*story.keys, 3) % len(_BODIES)].format(name=_name(instruments[place]))
    return f"<p>{headline.text}</p>\n<p>{body}</p>\n<p>(Made up by a simulator.)</p>"


def _story(world: Ground, place: int, hour: int) -> _Story | None:
    keys = (world.settings.seed, _NEWS, world.universe.instruments[place].contract_id, hour)
    likely = _BY_DAY if hour % 24 in _DAY_HOURS else _BY_NIGHT
    return _Story(place, hour, keys) if hour < _HOURS and below(1000, *keys) < likely else None


def _headline(subject: Instrument, story: _Story, provider: str) -> Headline:
    number = draw(*story.keys, 4)
    text = _TEXTS[number % len(_TEXTS)].format(name=_name(subject), figure=2 + number // 64 % 40)
    update = "!" if number // 4096 % 8 == 0 else ""
    return Headline(story.at, provider, f"{provider}${story.tail}", update + text, _tags(provider, number // 32768))


def _tags(provider: str, number: int) -> str:
    if not provider.startswith(_DOW_JONES):
        return "K:1.00"
    tags = "A:800015:L:en" if number % 2 else "L:en:A:800015"
    sentiment, confidence = number // 2 % 100, 50 + number // 256 % 50
    return f"{tags}:K:0.{sentiment:02d}:C:0.{confidence:02d}" if number // 16384 % 4 else tags


def _subject(world: Ground, instrument: Instrument) -> Instrument:
    under = world.universe.by_id(instrument.underlying_id) if instrument.underlying_id else None
    return instrument if under is None or under is instrument else _subject(world, under)


def _place(world: Ground, instrument: Instrument) -> int | None:
    places = range(min(len(world.universe.instruments), _PLACES))
    return next((place for place in places if world.universe.instruments[place] is instrument), None)


def _name(instrument: Instrument) -> str:
    return instrument.details.long_name or instrument.contract.symbol


_TEXTS: Final = (
    "{name} Raises Outlook, Citing Demand",
    "{name} Names New Finance Chief",
    "{name} to Cut {figure}0 Jobs in Europe",
    "{name} Price Target Raised by {figure}% at Regional Broker",
    "{name} Price Target Cut by {figure}% at Regional Broker",
    "{name} Says Quarter Was in Line With Plan",
    "{name} in Talks to Sell a Small Unit",
    "{name} Sees Unusual Options Activity",
    "{name}: Analysts Split Before Results",
    "{name} Adds {figure} Sites to Its Network",
    "{name} Moves to Watch List",
    "Market Talk: {name} May Have Further to Go",
)
_BODIES: Final = (
    "People who do not know the matter said that {name} would not comment.",
    "{name} did not exist when this was written, and neither did its spokesman.",
    "Shares of {name} were last quoted where the simulator had put them.",
)
