"""The cards of a connection: who gets in, how it begins and ends, and what is said to what cannot be taken."""

from __future__ import annotations

from typing import Final

from anytws.simulator.cards import Card, Evidence

CARDS: Final = (
    Card(
        "connection.version",
        "The highest version that both sides speak is agreed; where there is none TWS names its own and hangs up.",
        Evidence.DOCUMENTED,
        "the official client, run; that it hangs up is how a client of another age was reported to fail",
        "The knob is server_version.",
    ),
    Card(
        "connection.opening",
        "After START_API come ManagedAccounts, NextValidId and the notices of the farms, in this order.",
        Evidence.RECORDED,
        "starts of real sessions",
        "Nobody promises the order: opening and opening_seconds change it.",
    ),
    Card(
        "connection.farms",
        "TWS gives the notices of all farms (2104, 2106, 2158) in the opening; a Gateway gives one when the first "
        "request needs that farm.",
        Evidence.RECORDED,
        "starts of TWS, and of Gateways",
        "The knobs are personality and farms.",
    ),
    Card(
        "connection.most_clients",
        "32 clients may be connected; one more is accepted, and closed before any reply.",
        Evidence.DOCUMENTED,
        "the number; what happens to the 33rd is reported",
        "The knob is max_clients.",
    ),
    Card(
        "connection.api_off",
        "With the API switched off every connection is accepted and closed at once.",
        Evidence.REPORTED,
        "users whose settings were as installed",
        "The knob is api_enabled.",
    ),
    Card(
        "connection.other_hosts",
        "Another host is refused without a word, as TWS is installed; else a person is asked, unless its address is "
        "trusted, and the client waits in silence.",
        Evidence.DOCUMENTED,
        "the vendor's page on the settings; the silence is reported",
        "The knobs are localhost_only, trusted_addresses, dialog and dialog_seconds.",
    ),
    Card(
        "connection.client_id_in_use",
        "A client id that is in use gets 326, and the connection ends; after a torn connection its id may stay in use "
        "for a while.",
        Evidence.RECORDED,
        "326 and the end; how long an id stays in use is reported",
        "The knob is stale_seconds.",
    ),
    Card(
        "connection.too_early",
        "A request before START_API or before NextValidId ends the connection; those just after it may be dropped "
        "without a word.",
        Evidence.REPORTED,
        "operators of Gateways; the second is documented too",
        "The knob is settling_seconds.",
    ),
    Card(
        "connection.redirect",
        "Instead of its version TWS may name another address.",
        Evidence.DOCUMENTED,
        "the official client, run",
        "The knob is redirect.",
    ),
    Card(
        "connection.unreadable",
        "A request that cannot be read gets 320, with the id of the request or the order where that can be read, and "
        "nothing of it is done; the connection goes on.",
        Evidence.RECORDED,
        "320 of Gateways; that nothing is done is chosen",
        "The words behind `Error reading request.` are ours.",
    ),
    Card(
        "connection.read_only",
        "A TWS whose API is read-only refuses what changes anything with 321 `The API interface is currently in "
        "Read-Only mode.`, and hides its orders.",
        Evidence.RECORDED,
        "frames of Gateways as they are installed",
        "The knob is read_only.",
    ),
    Card(
        "connection.not_simulated",
        "A request that a table of one's own leaves out gets 322 `The simulator does not know this request.`.",
        Evidence.CHOSEN,
        "silence would be true to nobody",
        "The table of the simulator leaves none out.",
    ),
    Card(
        "connection.death",
        "TWS may die, in order or torn, at any byte; its other clients live on.",
        Evidence.CHOSEN,
        "what networks do",
        "The knobs are die_after_bytes and die_by.",
    ),
)
