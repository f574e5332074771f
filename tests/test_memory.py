"""Whatever a peer sends, what is kept of it has a bound in bytes.

Every collection of the package that begins empty is listed here: those that a peer can fill with their bound, which a
flood then tries to break, and the others with the reason why no peer can fill them. A new one that is not listed fails.
"""

from __future__ import annotations

import ast
import gc
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import anytws
from anytws.core import Connection, Side
from anytws.core.remembered import MOST_BYTES, Remembered
from anytws.errors import DecodeError
from anytws.machines import outbox
from anytws.machines.conversation import MOST_ANSWER_BYTES
from anytws.simulator import World, WorldSettings
from anytws.simulator.link import OUTBOX
from anytws.simulator.serve import CAPACITY
from anytws.simulator.world import MOST_IDS
from anytws.wire import times
from anytws.wire.codec import Codec
from anytws.wire.compiled.columns import memo_of
from anytws.wire.compiled.memo import Memo
from anytws.wire.kinds import STRING
from anytws.wire.limits import DEFAULT_LIMITS, Limits
from tests.test_transcripts import accounts, framed, next_id, text, version_reply

PACKAGE = Path(anytws.__file__).parent
KILOBYTE, MEGABYTE = 2**10, 2**20

BOUNDS: dict[str, int] = {
    # A frame that is not whole, and a read behind it, which may be a large one.
    "wire.frames.FrameBuffer._data": DEFAULT_LIMITS.frame + 256 * KILOBYTE,
    "wire.frames.FrameBuffer._more": DEFAULT_LIMITS.frame + 256 * KILOBYTE,
    "core.remembered.Remembered._items": MOST_BYTES,
    "core.remembered.Remembered._weights": MOST_BYTES,
    # 256 zones whose names have 128 characters.
    "wire.times._zone()": 256 * KILOBYTE,
    # Each 2,048 values, whose keys have 64 characters.
    "wire.compiled.clocks.MIDNIGHTS": 2 * MEGABYTE,
    "wire.compiled.clocks.STEPS": 2 * MEGABYTE,
    "wire.compiled.columns.memo_of()": 2 * MEGABYTE,
    "wire.compiled.varints.whole_memo()": 2 * MEGABYTE,
    # Each 2,048 ids.
    "wire.routing._VARINTS": MEGABYTE,
    "wire.routing._DIGITS": MEGABYTE,
    # 16,384 beginnings of bodies: filled in test_overtaken.py.
    "core.overtaken.Overtaken._keys": 3 * MEGABYTE,
    # 8,192 beginnings of bodies: filled in test_cut_off.py.
    "core.cut_off.CutOff.kinds": 2 * MEGABYTE,
    # Flooded in test_shapes.py: 64 kilobytes of records, of which the smallest takes two bytes; runs of ids and values
    # of one message; first bytes of a body of a kilobyte.
    "wire.compiled.protobuf_readers.records_of()": 4 * MEGABYTE,
    "wire.compiled.pieces.Memos._memos": 6 * MEGABYTE,
    "wire.compiled.shapes.Bet._by_front": 3 * MEGABYTE,
    # Flooded in test_pump.py and test_stream.py, over byte streams.
    "machines.session.ClientSession._backlog": MOST_BYTES,
    "machines.mailbox.Mailbox._past": MOST_BYTES,
    "machines.mailbox.Mailbox._waiting": MOST_BYTES,
    "machines.mailbox.Mailbox.hand": MOST_BYTES,
    # Flooded in test_pictures.py.
    "machines.pictures.Rows._rows": MOST_BYTES,
    "machines.pictures.Rows._changed": MOST_BYTES,
    "machines.pictures.Rows._pending": MOST_BYTES,
    "machines.pictures.Pictures._notices": 17 * MEGABYTE,
    # Flooded in test_quoting.py and test_book.py. Of a remark that is longer than all may be, the newest is kept.
    "machines.quoting.Quoting._notices": DEFAULT_LIMITS.frame + MEGABYTE,
    "machines.quoting.Quoting._news": DEFAULT_LIMITS.frame + MEGABYTE,
    "machines.quoting.Quoting._others": 64 * KILOBYTE,
    "machines.book.Booking._notices": DEFAULT_LIMITS.frame + MEGABYTE,
    # An answer, and the last words of a shared stream.
    "machines.conversation.Question.items": MOST_ANSWER_BYTES,
    "machines.conversation.Question.kept": MOST_ANSWER_BYTES,
    # Flooded in test_known_orders.py.
    "machines.kept_orders.KeptOrders._early_costs": MOST_BYTES,
    # Filled in test_sending.py, before a TWS that does not read.
    "machines.outbox.Lane.parcels": outbox.MOST_BYTES,
    "machines.outbox.Outbox._given": outbox.MOST_BYTES,
    "runtime.pump.Pump._rest": outbox.MOST_BYTES,
    # All that a world remembers shares one bound; what waits to be delivered, and ids, have their own.
    "simulator.link.Link.events": WorldSettings().memory_bytes,
    "simulator.link.Link.dropped": WorldSettings().memory_bytes,
    "simulator.memory.Memory.heard": WorldSettings().memory_bytes,
    "simulator.memory.Memory.ended": WorldSettings().memory_bytes,
    "simulator.link.Link._outbox": OUTBOX,
    "simulator.ground.Ground._stale": 300 * MOST_IDS,
    "simulator.ground.Ground._next_ids": 300 * MOST_IDS,
    "simulator.streams._Pipe._bytes": CAPACITY,
    # Flooded in test_check.py, over sockets.
    "cli.finding.Hearsay._farms": MEGABYTE,
    "cli.finding.Hearsay._remarks": 4 * MEGABYTE,
    # Whatever a file has in it: flooded in test_pasted_logs.py, where they are not told by their numbers here.
    "cli.explain._Counts._by_shape": 8 * MEGABYTE,
    "cli.explain._Counts._counts": MEGABYTE,
    "cli.explain._Fields._heads": MEGABYTE,
    "cli.explain._Fields._lines": 32 * MEGABYTE,
    "cli.masked.FrameMask._accounts": 16 * MEGABYTE,
    "cli.masked.FrameMask._executions": 16 * MEGABYTE,
    "cli.masked.FrameMask._names": 16 * MEGABYTE,
    "cli.masked.FrameMask._numbers": 16 * MEGABYTE,
    "cli.pasted_broken.BrokenFields.more": 5 * MEGABYTE,
    "cli.pasted_dumps.Dump._block": MEGABYTE,
    "cli.pasted_dumps.Dump._flows": 16 * DEFAULT_LIMITS.frame,
    "cli.pasted_dumps.Dump._streams": 2 * DEFAULT_LIMITS.frame,
    "cli.pasted_hex.HexRun._first": 5 * MEGABYTE,
    "cli.pasted_hex.HexRun._text": 5 * MEGABYTE,
    "cli.pasted_words.Views._shown": 8 * MEGABYTE,
    "cli.mask.Mask._known": DEFAULT_LIMITS.frame,
    "cli.mask.Mask._lengths": DEFAULT_LIMITS.frame,
}
"""What a peer can fill, and its bound in bytes. The floods below try them, where no other file is named."""

ONE_INPUT = "what one input brought, which whoever drives the core takes after it: that is the contract"
TABLE = "one for each entry, layout or kind of the catalogue"
OURS = "filled by our own side"
ONE_DAY = "what was said on one day of a test, which ends after so many messages"
ONE_SITUATION = "one situation, of which each has some ten lines"
HELD = "one for each position; of those that are closed 1,000 at the most, by `MOST_POSITIONS`"
ORDERS = "one for each order: what is live is never forgotten; of what is over 10,000 are kept (test_known_orders.py)"
FILLS = "one for each execution of an order: none may be lost"
VALUED = "one for each key of an account in each currency"

REASONS: dict[str, str] = {
    "client.portal._Loop.calls": "one for each thread of the program that waits",
    "client.proxies.made_class()": "the classes of what lasts, which are a table",
    "client.sync._keeping()": "one function",
    "client.placing_families.Family._lives": "the members of one family, which its caller has named",
    "client.order_streams.FillStream._seen": "100,000 execution ids at the most, by MOST_SEEN (test_order_streams.py)",
    "client.proxies.Proxy._topics": TABLE,
    "client.proxies.proxy_class()": "the classes of topics, which are a table",
    "client.sync_streams.SyncReader._taken": "256 items, or one batch, which the bounds of its stream hold",
    # What one answer has told of, of which each part has its bound already, for as long as it is read.
    "machines.option_chain._Sets._days": "one answer, which has a bound",
    "machines.option_chain._Sets._odd": "one answer, which has a bound",
    "machines.option_chain._Sets._strikes": "one answer, which has a bound",
    # What TWS has answered to the few questions of one picture, or of one look for an order; it goes with that.
    "machines.reconcile.Reconciliation._answers": "at most nine answers, each of which has a bound",
    "machines.reconcile.Reconciliation._completed": "at most nine answers, each of which has a bound",
    "machines.reconcile.Reconciliation._executions": "at most nine answers, each of which has a bound",
    "machines.sightings.Sighting.clients": "at most nine answers, each of which has a bound",
    "machines.sightings.Sighting.executions": "at most nine answers, each of which has a bound",
    "machines.sightings.Sighting.ids": "at most nine answers, each of which has a bound",
    "machines.sightings.Sighting.words": "at most nine answers, each of which has a bound",
    "machines.sightings.Survey._by_id": "at most nine answers, each of which has a bound",
    "machines.sightings.Survey._by_name": "at most nine answers, each of which has a bound",
    "machines.sightings.Survey._by_permanent_id": "at most nine answers, each of which has a bound",
    "machines.sightings.Survey._ids": "at most nine answers, each of which has a bound",
    "machines.sightings.Survey.all": "at most nine answers, each of which has a bound",
    "machines.reconcile.Reconciliation._plan": "the five questions of a round, and a pause",
    "machines.reconcile.Reconciliation._sought": "one for each live order that is known, which has a bound",
    "machines.reconcile.Reconciliation.missing": "one for each question of a round",
    "core.endpoint.Endpoint._events": ONE_INPUT,
    "core.endpoint.Endpoint._events_ahead": ONE_INPUT,
    "core.endpoint.Endpoint._passing": TABLE,
    "core.cut_off.CutOff._counts": TABLE,
    "core.cut_off.CutOff._lengths": TABLE,
    "arrow.kinds._fields_of()": "1,024 classes, by its own limit",
    "arrow.kinds._kind_of()": "1,024 classes, by its own limit",
    "messages.base._way_to_copy()": "1,024 classes, by its own limit",
    "core.overtaken.Overtaken._lengths": TABLE,
    "core.overtaken.Overtaken._prefixes": "five for each stream of quotes that is open",
    "core.overtaken.borders_at()": "one for each version",
    "core.overtaken.tick_fronts_at()": "one for each version",
    "core.unread._fronts_of()": "one for each request that may be left, and for what a caller cuts off",
    "core.connection.Connection._outgoing": "greeting, reply and START_API: each is said once",
    "core.newer_fields.NewerFields.told": TABLE,
    "core.newer_fields.NewerFields.looked_at": TABLE,
    "core.remembered._WEIGHERS": "one for each class that is weighed",
    "core.remembered._ALWAYS": "one for each class that is weighed, at most",
    "wire.catalogue.BY_CLASS": TABLE,
    "wire.catalogue._LOADED": TABLE,
    "wire.codec.Codec._decoders": TABLE,
    "wire.codec.Codec._encoders": TABLE,
    "simulator.historical_pacing.HistoricalPacing._queries": "60 at the most, by MOST_IN_WINDOW",
    "simulator.answers.historical._Reading._bars": "of one answer for each client at a time, at most MOST_BARS",
    "simulator.answers.histogram._Counting._rows": "one for each price in a year",
    "wire.codec.shared_codec()": "one for each side, version and choice of limits",
    "wire.compiled.twins._TWINS": TABLE,
    "wire.compiled.record_writers._RECORDS": TABLE,
    "wire.compiled.record_writers.RecordWriter._together": TABLE,
    "wire.compiled.text_writers.TextRecord._pieces": TABLE,
    "wire.compiled.protobuf_writers.ProtobufRecord._members": TABLE,
    "wire.loading.urgent()": "one",
    "wire.compiled.source.Source._lines": TABLE,
    "wire.compiled.source.Source._by_id": TABLE,
    "wire.compiled.text_readers._Owner.inner": TABLE,
    "wire.compiled.text_readers._Owner.required": TABLE,
    "wire.compiled.text_readers._TextBody._taken": TABLE,
    "wire.compiled.text_readers._TextBody._later": TABLE,
    "wire.compiled.text_readers._TextBody._items": TABLE,
    "wire.compiled.pieces.Plan._finish": TABLE,
    "wire.compiled.pieces.Plan._items": TABLE,
    "wire.compiled.pieces.Plan._pieces": TABLE,
    "wire.compiled.pieces.Plan._targets": TABLE,
    "wire.compiled.runs._RunSource._values": TABLE,
    "wire.compiled.shapes.Bet._plans": "four at the most, of each message",
    "wire.compiled.protobuf_readers._record_reader()": TABLE,
    "wire.compiled.protobuf_readers._records_reader()": TABLE,
    "wire.connection_time._standard_readings()": "a table of names, made once",
    "wire.connection_time._localised_readings()": "a table of names, made once",
    "wire.connection_time._more_readings()": "a table of names, made once",
    "wire.optional_kinds.maybe()": TABLE,
    "wire.odd.OddFields.told": "at most MOST_TOLD, while one frame is read",
    "wire.odd.OddFields._garbled": "names of five fields, while one frame is read",
    "wire.text.flat_plan()": TABLE,
    "wire.walk.TextWalk._unread": "fields of the records around one place, while one frame is read",
    "wire.tolerant_protobuf.class_with_bytes()": TABLE,
    "wire.protobuf.carried_fields()": TABLE,
    "wire.protobuf._counted()": TABLE,
    "wire.protobuf._width()": TABLE,
    "wire.protobuf_descriptors.message_class()": TABLE,
    "wire.protobuf_descriptors._IN_POOL": TABLE,
    "wire.protobuf._reader()": TABLE,
    "wire.protobuf._writer()": TABLE,
    "wire.rows.has_lists()": TABLE,
    "wire.rows.carried_rows()": TABLE,
    "wire.rows._FIELD_CLASSES": TABLE,
    "wire.loading._THROUGH": "with protobuf, and without",
    "wire.text.least_width()": TABLE,
    "wire.routing.front_of()": TABLE,
    "wire.routing.fronts_of()": TABLE,
    "wire.routing.router()": "one for each side and version",
    "wire.routing.Router._routes": TABLE + ", or 256 where the id of the message has one digit",
    "core.before_version.BeforeVersion.beginning": "64 bytes at the most",
    "machines.conversation.Question.batch": ONE_INPUT,
    "machines.conversation.Question.data": "the frame of one request, while it is held",
    "machines.conversation.Question.ids": "two at the most",
    "machines.book.Booking._asks": "as many rows as were asked for, by MOST_ROWS",
    "machines.book.Booking._bids": "as many rows as were asked for, by MOST_ROWS",
    "machines.conversation.Question.members": OURS,
    "machines.conversation.Question.parcels": "two at the most",
    "machines.conversation._make_plan()": TABLE,
    "machines.conversations.Conversations._fences": OURS,
    "machines.conversations.Conversations._news": "one for each that is open, since the last input",
    "machines.conversations.Conversations._passed": OURS,
    "machines.conversations.Conversations._plans": TABLE,
    "machines.conversations.Conversations._pressed": "one for each stream that is open",
    "machines.conversations.Conversations._touched": "one for each that is open",
    "machines.download.Downloading._parts": "windows that are asked or wait to be read: twice the concurrency",
    "client.intake.Intake._by_ref": OURS + ", ended orders of a journal, which keeps 10,000",
    "client.intake.Intake._live": ORDERS,
    "client.intake.Intake._owed": ORDERS + "; no new one leaves while it cannot be written down",
    "machines.gate_belief.Belief.exposures": "one for each order that is wanted together",
    "machines.gate_belief.Belief.quotes": "one for each order that is wanted together",
    "machines.journal.Picture.ended": OURS + ", 10,000 by default (test_client_journal.py)",
    "machines.journal.Picture.floors": OURS + ", one for each client id that has placed an order",
    "machines.journal.Picture.forgotten": ONE_INPUT,
    "machines.journal.Picture.open": ORDERS,
    "machines.journal.Picture.remarks": "one, about the last line",
    "machines.journal.Picture.sums": OURS + ", of two days (test_machines_journal.py)",
    "machines.journal.Placed.frame": OURS,
    "machines.journal_lines._fields()": "one for each kind of entry",
    "machines.gates.Frequency._log": OURS + ", as many as the limit lets through",
    "machines.gates.Turnstile.waiting": OURS,
    "machines.gates.Places._lingering": OURS + ", as many as there are places, and for a minute",
    "machines.health.Layers._farms": "64 at the most, by MOST_FARMS; their names have at most 200 characters",
    "machines.health.Layers._watchers": OURS,
    "machines.conversations.Conversations.of_orders": ONE_INPUT,
    "machines.order.OrderLife.permanent_ids": "16, by `MOST_PERMANENT_IDS`",
    "machines.order_codes.OrderCodes._heard": "as many as remarks that are kept",
    "machines.order_codes.OrderCodes.remarks": "100, and 65,536 characters, by `MOST_REMARKS`; `test_order.py`",
    "machines.order_costs.OrderCosts._amounts": FILLS,
    "machines.order_fills.OrderFills._loose": "1,000 reports of costs, by `MOST_LOOSE_COSTS`; `test_order.py`",
    "machines.order_fills.OrderFills._pieces": FILLS,
    "machines.order_fills.OrderFills._sums": FILLS + ", and 100 more, by `MOST_EMPTY_SUMS`",
    "machines.order_fills.OrderFills.fills": FILLS,
    "machines.order_sends.OrderSends._sends": OURS + ", those that have not left and a few more; `test_order.py`",
    "machines.order_desk.OrderDesk._said": "what our own side says in one turn",
    "machines.kept_orders.KeptOrders._by_execution": "executions of the orders that are known",
    "machines.kept_orders.KeptOrders._ended": "10,000 by MOST_ENDED, after 1,000 more orders have come",
    "machines.kept_orders.KeptOrders._fates": "50,000 numbers at the most, by MOST_FATES",
    "machines.kept_orders.KeptOrders._news": ORDERS,
    "machines.ids.OrderIds._what_ifs": OURS + ", 10,000 at the most",
    "machines.order_names.OrderNames._by_id": ORDERS,
    "machines.order_names.OrderNames.lasting": ORDERS,
    "machines.order_names.OrderNames._by_status": ORDERS,
    "machines.order_names.OrderNames._known_on": ORDERS,
    "machines.order_names.OrderNames.by_ref": ORDERS,
    "machines.order_names.OrderNames.lives": ORDERS,
    "runtime.bells.Bells._waiting": OURS,
    "machines.message_rate.MessageRate._times": OURS + ", as many as may leave in a second",
    "machines.outbox.Outbox._left": "questions that have left since the last report",
    "machines.pacer.Pacer._keyed": OURS + ", cleared of what is long ago where it is much",
    "machines.pacing.Tally.held": "one for each reason",
    "machines.pacing.Tally.refused": "one for each reason",
    "machines.pacing.Tally.seconds": "one for each reason",
    "machines.register.Register._by_kind": TABLE,
    "machines.register.Register._by_order": OURS,
    "machines.register.Register.by_id": OURS,
    "machines.register.Register.kinds_with_id": TABLE,
    "machines.accounts._AccountPainter._said": "one for each last word of a shared stream, which are bounded",
    "machines.register.Register.questions": OURS,
    "machines.register.Register.slots": OURS,
    "machines.register.Slot.waiting": OURS,
    "machines.saying.Sayings._roomless": OURS,
    "machines.session.ClientSession._listeners": OURS,
    "machines.session.ClientSession._news": "one for each that listens",
    "machines.session.ClientSession._remarks": "two at the most: one for each step of the handshake",
    "machines.timers.Timers._heap": OURS + ", cleared of what is over where it is much",
    "machines.headlines.HeadlinesMailbox._known": "the names of 1,000 headlines (test_headlines.py)",
    "machines.kept.Relay._held": "1,000 messages, and as many bytes as a mailbox may keep (test_machines_kept.py)",
    "machines.pictures.Rows._unread": "what was in the picture before, which has its bound",
    "machines.quoting.Quoting._changed": "one for each field of a quote",
    "machines.quoting.Quoting._pending": "one for each field of a quote",
    "machines.quoting.Quoting._strange": "one for each field of a quote",
    "machines.watching.Watching._due": "one for each contract that is watched",
    "machines.watching.Watching._leaving": OURS,
    "machines.watching.Watching._lines": OURS,
    "machines.single_ticks.BarsMailbox._held": "1,000 messages, and as many bytes as its mailbox may keep",
    "machines.watching.Line._told": "what tells of 1,000 outages (test_outages.py)",
    "machines.watching.Watching._told": "what tells of 1,000 outages (test_outages.py)",
    "machines.watching.Watching._wishes": OURS,
    "runtime.feeds.Feeds._conversations": OURS,
    "runtime.kept.KeptStreams._deadlines": OURS,
    "runtime.kept.KeptStreams._intents": OURS,
    "runtime.kept.KeptStreams._later": OURS,
    "runtime.kept.KeptStreams._leaving": OURS,
    "runtime.kept.KeptStreams._paused": OURS,
    "runtime.kept.KeptStreams._to_fetch": OURS,
    "runtime.kept.KeptStreams._watched": OURS,
    "runtime.pump.Pump._event_streams": OURS,
    "runtime.pump.Pump._waking": OURS,
    "runtime.pump.Pump._seen": OURS,
    "runtime.sight.Telling._failed": "one for each method of a hook and each logger",
    "client.listeners.Listeners._events": OURS,
    "client.listeners.Listeners._watchers": OURS,
    "client.way_back.WayBack._settings": "one for each of three kinds of setting",
    "runtime.pump.Pump._at_stream": "a scope for each of two tasks",
    "simulator.link.Link._awake_farms": "the farms of the settings",
    "simulator.link.Link._unheard": "what comes while TWS hangs: a carrier stops reading after one piece",
    "simulator.toxic_stream.ToxicStream._rest": "one piece that came out of a lane",
    "simulator.faults.director.Director._active": "one for each event of a script and connection",
    "simulator.faults.director.Director._by_kind": "one for each class of messages",
    "simulator.faults.director.Director._ends": "1,000, by `MOST_GOING_ON`; `test_faults_outages.py` tries it",
    "simulator.faults.director.Director._meddlers": "one for each link",
    "simulator.faults.director.Director._numbers": "one for each link",
    "simulator.faults.director.Director._watches": "three for each event of a script at the most",
    "simulator.faults.director.Director.told": "10,000 lines, by `MOST_TOLD`",
    "simulator.faults.holding.Waiting._executed": "10,000 orders, by `MOST_ORDERS`",
    "simulator.faults.holding.Waiting._held": "10,000 messages, by `MOST_HELD`; a script has them wait, no client",
    "simulator.faults.lane.Lane._free_at": "one for each event of a script",
    "simulator.faults.lane.Lane._items": "64 KiB and what was put in last, by `ROOM`",
    "simulator.faults.lane.Lane._passed": "one for each event of a script",
    "simulator.faults.lines.Lines._down": "as many as `Director._ends`",
    "simulator.faults.lines.Lines.untold": "10,000 messages, by `MOST_WAITING`",
    "simulator.faults.lines.Lines.waiting": "10,000 requests, by `MOST_WAITING`",
    "simulator.faults.meddler.Meddler._deeds": "those of one message",
    "simulator.faults.meddler.Meddler._released": "what answers that wait for their cancel hold, which is bounded",
    "simulator.faults.meddler.Meddler._stopped": "those of one request",
    "simulator.faults.meddler.Meddler._treatments": "1,000, by `MOST_TREATED`; `test_faults_requests.py` tries it",
    "simulator.faults.meddler.Meddler.counted": "one for each event of a script",
    "simulator.faults.meddler.Meddler.open": "10,000 requests, by `MOST_OPEN`; `test_faults_requests.py` tries it",
    "simulator.faults.plain._BASES": "one for each base class that files know: one",
    "simulator.faults.plain._HINTS": "one for each class of attrs",
    "simulator.faults.treatments.HeldForCancel._held": "10,000 messages of an answer, by `MOST_HELD`",
    "simulator.faults.treatments.Twice._said": "10,000 messages of an answer, by `MOST_HELD`",
    "simulator.serve.TcpTws._told": "one for each number that the system has for an error",
    "simulator.world.World._links": "as many as `WorldSettings.max_clients`, and those that are being turned away",
    "simulator.ground.Ground._holders": "as many as there are links",
    "simulator.watchers.Watchers._callbacks": OURS,
    "simulator.client.Streams._entries": "one for each stream",
    "simulator.client.Streams._heap": "twice as many as streams, and 64",
    "simulator.client.Streams._serials": "one for each stream",
    "simulator.client.Streams._streams": "as many as `WorldSettings.lines`, and what each kind allows beside them",
    "simulator.rate.MessageRate._times": "as many as `WorldSettings.messages_per_second`",
    "simulator.ground.Ground._agenda": "a few for each order that is not over, a script; `test_exchange_bounds.py`",
    "simulator.exchange.book.OrderBook._live": "10,000, and 64 MiB, by `MOST_LIVE`; `test_exchange_bounds.py`",
    "simulator.exchange.book.OrderBook._by_client": "as many as orders that are remembered",
    "simulator.exchange.book.OrderBook.ended": "10,000, and 64 MiB, by `MOST_ENDED`; `test_exchange_bounds.py`",
    "simulator.exchange.book.OrderBook.fills": "100,000, by `MOST_FILLS`",
    "simulator.exchange.order.HeldOrder.fills": "one for each piece: never more than the size that is ordered",
    "simulator.exchange.book.OrderBook._lost": "a thousand fills, and those of one order",
    "simulator.exchange.groups.Groups._filled": "10,000, by `MOST_GROUPS`",
    "simulator.exchange.floor.Floor.located": OURS,
    "simulator.exchange.speech.Speech.follows_by_hand": "one client id",
    "simulator.desk.Desk._bulletins": "200, by `MOST_BULLETINS`; `test_desk.py` tries it",
    "simulator.desk.Desk._aliases": "one for each account of the settings",
    "simulator.deck.all_cards()": "one",
    "simulator.scans.parameters_document()": "one",
    "simulator.market.beats.Minute.highs": "one for each trade of a minute",
    "simulator.market.beats.Minute.lows": "one for each trade of a minute",
    "simulator.market.beats.Minute.volumes": "one for each trade of a minute",
    "simulator.market.hand.Hand.moves": "10,000, by `MOST_MOVES`; `test_market.py` tries it",
    "simulator.market.hand.Hand.stops": "10,000, by `MOST_MOVES`; `test_market.py` tries it",
    "simulator.market.led.LedProcess._made": "4,096 prices, by `MOST_LEVELS`",
    "simulator.market.levels.Levels._nodes": "2,048 numbers, by `MOST_NODES`; `test_market.py` tries it",
    "simulator.market.market.Market._hands": "4,096 instruments, by `MOST_HANDS`; `test_market.py` tries it",
    "simulator.market.market.Market._processes": "8,192 instruments, by `MOST_TAPES`",
    "simulator.market.market.Market._readings": "8,192 instruments, by `MOST_TAPES`; `test_market.py` tries it",
    "simulator.market.process.Process._days": "12 days of an instrument, by `MOST_DAYS`; `test_market.py` tries it",
    "simulator.market.process.Process._opened": "4 blocks of 30 minutes, by `MOST_BLOCKS`; `test_market.py` tries it",
    "simulator.market.process.Process._plain": "3 minutes of an instrument with their beats, by `MOST_MINUTES`",
    "simulator.market.stretches.Block.seeds": "8 bytes for each of 30 minutes",
    "simulator.market.tape.Tape._minutes": "3 minutes of an instrument with their beats, by `MOST_MINUTES`",
    "simulator.market.venues.venues_of()": "512 instruments, by its own limit",
    "simulator.universe.details._texts_of()": "1,024 pairs of texts, by its own limit",
    "simulator.universe.file.usual_catalogue()": "one",
    "simulator.universe.holidays._days_of()": "2,048 years of calendars, by its own limit",
    "simulator.universe.hours._Memory.by_day": "16,384 days of a market, by `MOST_DAYS`; `test_hours.py` tries it",
    "simulator.universe.hours._Memory.by_utc_day": "16,384 days of a market, by `MOST_DAYS`; `test_hours.py` tries it",
    "simulator.universe.hours.zone_of()": "64 zones, by its own limit",
    "simulator.universe.options.OptionClass._of_day": "256 days, by `MOST_EXPIRATIONS`; `test_universe_options.py`",
    "simulator.universe.table.Table._asked": "the keys that a reader of files asks for",
    "simulator.universe.universe.Universe._kept": "4,096 instruments, by `MOST_MADE`; `test_universe.py` tries it",
    "simulator.universe.universe.usual_universe()": "one",
    "simulator.answers.beats.Shared._changes": "4,096 instruments, by `MOST_SHARED`; `test_answers_beats.py` tries it",
    "simulator.answers.beats.Shared._days": "4,096 instruments, by `MOST_SHARED`; `test_answers_beats.py` tries it",
    "simulator.answers.beats.Shared._trades": "4,096 instruments, by `MOST_SHARED`; `test_answers_beats.py` tries it",
    "simulator.answers.beats.Shared._extremes": "4,096 pairs, by `MOST_SHARED`; `test_answers_beats.py` tries it",
    "simulator.answers.beats.Shared._quotes": "4,096 quotes, by `MOST_SHARED`; `test_answers_beats.py` tries it",
    "simulator.answers.beats.Shared._tops": "4,096 instruments, by `MOST_SHARED`; `test_answers_beats.py` tries it",
    "simulator.answers.quote_stream.SnapshotStream._said": "one for each tick type",
    "simulator.answers.quote_stream.Ticks._said": "one for each tick type",
    "simulator.answers.recent.Recent._asked": "1,000 requests, by `MOST_RECENT`",
    "simulator.answers.account_data.AccountData._portfolio": HELD,
    "simulator.answers.account_data.AccountData._said": VALUED,
    "simulator.answers.account_summary.Summary._said": VALUED,
    "simulator.answers.account_updates.AccountUpdates._said": VALUED,
    "simulator.answers.positions.Positions._said": HELD,
    "simulator.ledger.accounts.Accounts._begins": HELD,
    "simulator.ledger.book.Book._where": "10,000, by `MOST_EXECUTIONS`",
    "simulator.ledger.book.Book.cash": "one for each currency of the universe",
    "simulator.ledger.book.Book.lines": HELD,
    "simulator.ledger.book.Line.entries": "10,000 in all positions of an account, by `MOST_EXECUTIONS`",
    "simulator.ledger.days._new_york()": "one zone",
    "simulator.ledger.rates.Rates._pairs": "one for each two currencies of the universe",
    "cli.bar_part.Part._places": "one entry for each window of a download: six days of bars of a minute, say",
    "cli.downloading.Downloads._empty": "as many as contracts were typed: `symbols.MOST_WORDS`",
    "cli.downloading.Downloads._problems": "as many as contracts were typed: `symbols.MOST_WORDS`",
    "cli.downloading.Downloads._running": "as many as `downloading.AT_ONCE`",
    "cli.following.Following._told": "one for each order that is not over, which is remembered as long as it is not",
    "cli.following.Following._lost": "some of the same orders",
    "cli.panic.Panic.sent": "one for each few seconds of its deadline",
    "cli.demo.Show.states": OURS + ": its TWS is the simulated one",
    "cli.demo.Show.farms": OURS + ": its TWS is the simulated one",
    "cli.demo.Show.mistakes": OURS,
    "cli.tape.Tape.heard": OURS + ": its TWS is the simulated one",
    "cli.tape.Tape.said": OURS,
    "cli.output.Output._colours": "one for each tone",
    "cli.pasted_dumps.Dump._begun": "the two sides",
    "cli.readings._bands()": TABLE,
    "cli.readings._edges()": TABLE,
    "cli.readings._names()": TABLE,
    "cli.readings._plan()": TABLE,
    "cli.readings._seen_of()": TABLE + ", each with 4,096 texts of 48 characters",
    "cli.readings.plan_of()": TABLE,
    "cli.readings.title_of()": TABLE,
    "cli.narrator.Narrator._numbers": "as many as there are links",
    "json._converter()": "two: one for what TWS says, one for the rest",
    "testing.acceptance.anytws_client.AnytwsClient._beliefs": ONE_SITUATION,
    "testing.acceptance.anytws_client.AnytwsClient._placed": ONE_SITUATION,
    "testing.acceptance.anytws_client.AnytwsClient._watched": ONE_SITUATION,
    "testing.acceptance.belief.Belief._codes": ONE_SITUATION,
    "testing.acceptance.belief.Belief._executions": ONE_SITUATION,
    "testing.acceptance.belief.Belief._words": ONE_SITUATION,
    "testing.acceptance.ib_async_client.IbAsyncClient._ids": ONE_SITUATION,
    "testing.acceptance.ib_async_client.IbAsyncClient._trades": ONE_SITUATION,
    "testing.acceptance.ib_async_client.IbAsyncClient._watched": ONE_SITUATION,
    "testing.acceptance.ibapi_client.IbapiClient._calls": ONE_SITUATION,
    "testing.acceptance.ibapi_client.IbapiClient._orders": ONE_SITUATION,
    "testing.acceptance.ibapi_client.IbapiClient._streams": ONE_SITUATION,
    "testing.acceptance.play._Game._missing": ONE_SITUATION,
    "testing.acceptance.play._Game._questions": ONE_SITUATION,
    "testing.acceptance.play._Game._wrong": ONE_SITUATION,
    "testing.acceptance.situation.situations()": "one for each file of the suite",
    "testing.conversation_strategies._asked()": "one for each server version",
    "testing.conversation_strategies._noise()": "one for each server version",
    "testing.conversation_strategies.requests()": "one for each server version",
    "testing.days.decorator.DaysTest.reached": "one for each situation that a test names",
    "testing.days.repeatable._warm_up()": "one for each server version",
    "testing.days.story.Story._raw": ONE_DAY,
    "testing.days.story.Story._told": ONE_DAY,
    "testing.days.story.Story._wires": ONE_DAY,
    "testing.days.watched._market()": "eight markets, each with bounds of its own",
    "testing.explore.Outcome.fine": "one for each token that a file has",
    "testing.explore.Outcome.found": "one for each line that fails",
    "testing.playbook.Playbook._todo": "what one step of a list brought",
    "testing.playbook._Lines.done": "one for each step of a list",
    "testing.playbook._Lines.wanted": "one for each step of a list",
    "testing.strategies.values_of()": TABLE,
    "testing.strategies._messages()": TABLE,
    "testing.strategies.record_of()": TABLE,
}
"""What no peer can fill without a bound of its own, and why."""


# --- the list is whole -------------------------------------------------------------------------------------------

_MAKERS = {"list", "dict", "set", "deque", "bytearray", "defaultdict", "OrderedDict", "Remembered", "Memo"}


def _name_of(function: ast.expr) -> str:
    if isinstance(function, ast.Subscript):
        return _name_of(function.value)
    return (
        function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
    )


def _begins_empty(value: ast.expr | None) -> bool:
    match value:
        case ast.List() | ast.Set():
            return not value.elts
        case ast.Dict():
            return not value.keys
        case ast.Constant():
            return value.value == b""
        case ast.Call():
            made_by = [keyword.value for keyword in value.keywords if keyword.arg == "factory"]
            return _name_of(made_by[0] if made_by else value.func) in _MAKERS
    return False


def _assigned(node: ast.AST) -> tuple[str | None, str | None]:
    """Give what a statement makes an empty collection of: a name, and an attribute of ``self``."""
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or not _begins_empty(node.value):
        return None, None
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
        return None, target.attr
    return (target.id if isinstance(target, ast.Name) else None), None


def _is_cached(node: ast.FunctionDef) -> bool:
    makers = [each.func if isinstance(each, ast.Call) else each for each in node.decorator_list]
    return any(_name_of(maker) in {"cache", "lru_cache"} for maker in makers)


def collections_of(source: str) -> Iterator[str]:
    """Give the collections that *source* begins empty: of the file, of its classes, and the caches of its functions."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and _is_cached(node):
            yield f"{node.name}()"
        elif isinstance(node, ast.ClassDef):
            found = [_assigned(each)[0] for each in node.body] + [_assigned(each)[1] for each in ast.walk(node)]
            yield from (f"{node.name}.{name}" for name in dict.fromkeys(found) if name is not None)
        elif (name := _assigned(node)[0]) is not None:
            yield name


def _all_collections() -> set[str]:
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        found |= {f"{module}.{name}" for name in collections_of(path.read_text("utf-8"))}
    return found


def test_a_collection_is_seen_however_it_is_made() -> None:
    source = (
        "A: Final[dict[int, int]] = {}\nB = deque(maxlen=3)\nC = {1: 2}\n"
        "@cache\ndef f(): ...\n@lru_cache(5)\ndef g(): ...\ndef h(): ...\n"
        "class K:\n    x: list[int] = attrs.field(factory=list[int])\n"
        "    def __init__(self):\n        self._a = []\n        self._b: set[int] = set()\n        local = []\n"
        "        self._c = Remembered[int](3)\n        self._d = bytearray()\n        self._e = 5\n"
    )
    assert {*collections_of(source)} == {"A", "B", "f()", "g()", "K.x", "K._a", "K._b", "K._c", "K._d"}


def test_every_collection_has_a_bound_or_a_reason() -> None:
    """One that is not listed has to be: with its bound in bytes and a flood, or with why no peer can fill it."""
    assert _all_collections() == {*BOUNDS, *REASONS}
    assert not {*BOUNDS} & {*REASONS}


# --- the floods --------------------------------------------------------------------------------------------------


def held(fill: Callable[[], object]) -> int:
    """Give how many bytes more are taken after *fill* than before it; what it gives is alive meanwhile."""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        kept = fill()
        gc.collect()
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    del kept
    return after - before


def ready(limits: Limits = DEFAULT_LIMITS) -> Connection:
    """Give a client that is ready."""
    client = Connection(Side.CLIENT, limits=limits)
    client.opened()
    client.receive_data(version_reply(176) + accounts(176) + next_id(176))
    client.events()
    return client


@pytest.mark.parametrize("slice_size", [64 * KILOBYTE, 3 * MEGABYTE])
def test_a_frame_on_its_way_takes_its_length(slice_size: int) -> None:
    """And one slice behind it, however it comes; twice that while it is put together."""
    client, data = ready(), framed(b"9\0" + bytes(DEFAULT_LIMITS.frame - 3))[:-1]

    def fill() -> object:
        for start in range(0, len(data), slice_size):
            client.receive_data(data[start : start + slice_size])
        return client

    assert held(fill) <= 1.3 * BOUNDS["wire.frames.FrameBuffer._more"]
    client.receive_data(b"\0")
    assert len(client.events()) == 1
    assert client.closed is None


ODD: dict[str, bytes] = {
    "cannot be read": b"9\0" + b"x" * MEGABYTE + b"\0",
    "is unknown": b"150\0" + b"x" * MEGABYTE + b"\0",
    "is an error": b"4\x002\x00-1\x00326\0" + b"x" * MEGABYTE + b"\0\0",
    "has more fields": b"49\x001\x001700000000\0" + b"x\0" * (MEGABYTE // 2),
    "names a zone": b"46\x001\x001\x0088\x0020240131 10:00:00 " + b"Z" * MEGABYTE + b"\0",
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD.keys())
def test_what_was_fetched_is_not_held(body: bytes) -> None:
    """Whatever comes, and however often: the core keeps the last error and the words for an end, and no more."""
    client, data = ready(), framed(body)
    client.receive_data(data)
    client.events()

    def fill() -> object:
        for _ in range(30):
            client.receive_data(data)
            client.events()
        return client

    assert held(fill) <= 3 * MEGABYTE
    client.receive_eof()
    assert held(client.events) <= 3 * MEGABYTE
    assert client.closed is not None
    assert len(str(client.closed)) < 5000


def test_the_handshake_keeps_as_little_as_it_may_take() -> None:
    """Frames before the version are passed over, and all of them together have a bound."""
    client = Connection(Side.CLIENT)
    client.opened()

    def fill() -> object:
        while client.closed is None:
            client.receive_data(framed(b"x") * 100)
        return client

    assert held(fill) <= 100 * DEFAULT_LIMITS.before_version


def test_zones_are_remembered_up_to_their_bound() -> None:
    def fill() -> object:
        for number in range(2_000):
            with suppress(ValueError):
                times.read_time("20240131 10:00:00 " + f"{number}Z" * 30)
                times.read_time("20240131 10:00:00 " + f"{number}Z" * 30_000)
        return times._zone.cache_info().currsize

    assert held(fill) <= BOUNDS["wire.times._zone()"]


def _memos() -> list[Memo]:
    return [each for each in gc.get_objects() if isinstance(each, Memo)]


def test_values_are_remembered_up_to_their_bound() -> None:
    """Of each kind as many as come again and again, and only short ones."""
    numbers = count(10**6)
    for memo in [*_memos()[:8], memo_of(STRING.read_text), memo_of(times.TIME.read_text)]:

        def fill(memo: Memo = memo) -> object:
            for _ in range(1_500):
                number = next(numbers)
                for text_of in (str(number), f"{number}" * 9, "\U0001f600" * 56 + str(number), f"20240131 {number}"):
                    with suppress(ValueError, ArithmeticError, TypeError, AttributeError, LookupError):
                        _ = memo[text_of]
            return memo

        assert held(fill) <= BOUNDS["wire.compiled.columns.memo_of()"]
        assert len(memo) <= 2048
        memo.clear()


def test_a_peer_does_not_choose_how_many_readers_there_are() -> None:
    """An id has one form; and for what is unknown, or cannot be read, there is no reader to keep."""
    codec = Codec(Side.CLIENT, 176)
    for number in range(1_000):
        for wire_id in (b"%d", b"0%d", b"%d" % (10**8), b"-%d"):
            with suppress(DecodeError, TypeError):
                codec.decode((wire_id % number if b"%" in wire_id else wire_id) + b"\x001\0")
    assert len(codec._decoders) <= 100


def test_what_is_remembered_has_its_bound() -> None:
    kept = Remembered[bytes](10**9, 10 * MEGABYTE)

    def fill() -> object:
        for number in range(60):
            kept.append(bytes([number]) * MEGABYTE)
        return kept

    assert held(fill) <= 10 * MEGABYTE
    assert kept.dropped == 51


# --- the simulated TWS -------------------------------------------------------------------------------------------

SMALL_WORLD = WorldSettings(memory_bytes=8 * MEGABYTE, limits=Limits(frame=2 * MEGABYTE))


def _ask(link: Any, version: int, *fields: object) -> None:
    link.receive_data(text(version, *fields), now=1.0)
    link.data_to_send()


def _greet(world: World, client_id: int) -> Any:
    link = world.connect("127.0.0.1", now=0.0)
    link.receive_data(b"API\0" + framed(b"v157..176"), now=0.0)
    link.receive_data(text(176, 71, 2, client_id, ""), now=0.0)
    link.data_to_send()
    return link


def test_a_world_remembers_its_bound_whatever_clients_say() -> None:
    """Many clients, open ones and gone ones, who say much, in large pieces and in small ones."""
    world = World(SMALL_WORLD)
    _greet(world, 99).receive_eof(now=0.0)

    def fill() -> object:
        for client_id in range(40):
            link = _greet(world, client_id)
            for _ in range(10):
                _ask(link, 176, 999, "x" * MEGABYTE)
                _ask(link, 176, 14, "x" * MEGABYTE)
                _ask(link, 176, 49, 1)
            if client_id % 4:
                link.receive_reset(now=2.0)
        return world

    assert held(fill) <= 1.5 * SMALL_WORLD.memory_bytes


def test_links_that_are_over_hold_no_frame() -> None:
    """Each was in the middle of one when it ended."""
    world = World(SMALL_WORLD)

    def fill() -> object:
        for client_id in range(60):
            link = _greet(world, client_id)
            link.receive_data((MEGABYTE).to_bytes(4, "big") + bytes(MEGABYTE - 1), now=1.0)
            link.receive_eof(now=2.0)
        return world

    assert held(fill) <= SMALL_WORLD.memory_bytes
    assert not world.links


def test_whoever_comes_with_new_ids_for_ever_is_not_remembered_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anytws.simulator.ground.MOST_IDS", 500)
    world = World(WorldSettings(stale_seconds=10**6, memory=10))

    def fill() -> object:
        for client_id in range(1_500):
            _greet(world, client_id).receive_reset(now=0.0)
        return world

    assert held(fill) <= MEGABYTE
    assert len(world._stale) == 500
