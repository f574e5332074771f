"""The vendor's codes, one row each: what a number means and what it does to whom it concerns.

Rows are ordered by code. Meanings are in our own words; the texts that TWS sends are the vendor's and vary with its
version and language. The source says how far to trust a row:

* *documented*: on the vendor's public pages;
* *community*: from issue trackers, captures, and the production code of other clients;
* *verified*: read in, or seen from, the vendor's own client libraries;
* *unsourced*: from memory only.

A code that is missing is one row more, in its place; `anytws.core.codes` is the table that programs use.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import Final

import attrs


@unique
class CodeKind(Enum):
    """What a code does to whom it concerns."""

    FATAL = "fatal-connection"
    """The connection is over or about to be, or cannot be had."""
    REQUEST_FAILED = "request-error"
    """The request with that id gets no (more) data."""
    ORDER_REJECTED = "order-reject"
    """The order with that id, or the change to it, failed. After a failed change the working order mostly stays."""
    NOTICE = "notice"
    """Information. Whatever it concerns goes on."""
    FARM = "data-farm"
    """One of the vendor's data farms came, went or idles; `anytws.core.codes.farm_of` finds its name in the text."""
    LINK = "connectivity"
    """The link between TWS and the vendor was lost or is back. The connection to TWS itself stays up."""


@unique
class CodeSource(Enum):
    """Where a row was learned."""

    DOCUMENTED = "documented"
    COMMUNITY = "community"
    DOCUMENTED_AND_COMMUNITY = "documented+community"
    VERIFIED = "verified"
    UNSOURCED = "unsourced"
    APPLICATION = "application"
    """Not a row of this file: the application named the code in `CodeTable.with_kinds`."""


@attrs.frozen
class Code:
    """One row: a code and what is known of it."""

    code: int
    """The vendor's number."""
    kind: CodeKind
    """What it does."""
    meaning: str
    """What it says, in our words."""
    local: bool
    """True if no TWS sends it: client libraries make it themselves."""
    source: CodeSource
    """Where the row was learned."""
    reaction: str | None = None
    """What a robust client does about it, where there is advice."""


def _sent(code: int, kind: CodeKind, source: CodeSource, meaning: str, reaction: str | None = None) -> Code:
    return Code(code, kind, meaning, False, source, reaction)


def _local(code: int, kind: CodeKind, meaning: str, reaction: str | None = None) -> Code:
    return Code(code, kind, meaning, True, CodeSource.VERIFIED, reaction)


_FATAL: Final = CodeKind.FATAL
_FAILED: Final = CodeKind.REQUEST_FAILED
_REJECTED: Final = CodeKind.ORDER_REJECTED
_NOTICE: Final = CodeKind.NOTICE
_FARM: Final = CodeKind.FARM
_LINK: Final = CodeKind.LINK

_DOC: Final = CodeSource.DOCUMENTED
_COM: Final = CodeSource.COMMUNITY
_BOTH: Final = CodeSource.DOCUMENTED_AND_COMMUNITY
_UNS: Final = CodeSource.UNSOURCED

# A row reads at one glance; the formatter would give every argument a line of its own.
# fmt: off
CODE_ROWS: Final[tuple[Code, ...]] = (
    _sent(0, _NOTICE, _COM, "Warning that the client is close to the 50 messages/second limit", "slow down"),
    _sent(100, _FATAL, _DOC, "Message rate limit (50 per second by default) exceeded; IB says TWS will likely "
          "disconnect the client afterwards",
          "throttle immediately; be ready for a disconnect"),
    _sent(101, _FAILED, _DOC, "Limit of simultaneous market-data lines reached",
          "cancel something or buy quote boosters; do not retry blindly"),
    _sent(102, _FAILED, _DOC, "Market-data request id already in use", "choose another id"),
    _sent(103, _REJECTED, _DOC, "Order id already used or not greater than earlier ids of this client",
          "ask for the next valid id and resend"),
    _sent(104, _REJECTED, _DOC, "Change requested for an order that is already filled"),
    _sent(105, _REJECTED, _BOTH, "Modification differs from the original in a field that may not change; the working "
          "order stays live",
          "treat as failed modification, not as cancelled order"),
    _sent(106, _REJECTED, _DOC, "Order cannot be transmitted"),
    _sent(107, _REJECTED, _DOC, "Order is incomplete, a required field is missing"),
    _sent(109, _REJECTED, _DOC, "Price outside the percentage limit of the order precautions"),
    _sent(110, _REJECTED, _BOTH, "Price does not fit the price increment of the contract; on a modification the "
          "working order stays live",
          "round to the market rule"),
    _sent(111, _REJECTED, _DOC, "Time in force and order type do not go together"),
    _sent(113, _REJECTED, _DOC, "Market/limit-on-close orders need time in force DAY"),
    _sent(114, _REJECTED, _DOC, "Relative orders only for stocks (deprecated)"),
    _sent(115, _REJECTED, _DOC, "Relative orders for US stocks limited to some destinations (deprecated)"),
    _sent(116, _REJECTED, _DOC, "Destination exchange is not active"),
    _sent(117, _REJECTED, _DOC, "Block orders need a size of at least 50"),
    _sent(118, _REJECTED, _DOC, "VWAP orders must be routed to the VWAP destination"),
    _sent(119, _REJECTED, _DOC, "Only VWAP orders are accepted on the VWAP destination"),
    _sent(120, _REJECTED, _DOC, "Too late today for a VWAP order"),
    _sent(121, _REJECTED, _DOC, "Destination/BD flag combination invalid (deprecated)"),
    _sent(122, _REJECTED, _DOC, "Internal request tag for the order not found"),
    _sent(123, _FAILED, _DOC, "No record for this contract id (deprecated)"),
    _sent(124, _FAILED, _DOC, "No market rule for this contract id"),
    _sent(125, _REJECTED, _DOC, "Buy price must equal the best ask"),
    _sent(126, _REJECTED, _DOC, "Sell price must equal the best bid"),
    _sent(127, _REJECTED, _DOC, "Linkage orders not supported there (old)"),
    _sent(128, _REJECTED, _DOC, "Linkage customers restricted for options (old)"),
    _sent(129, _REJECTED, _DOC, "VWAP order later than three minutes before its start"),
    _sent(131, _NOTICE, _DOC, "Sweep-to-fill and display size ignored (only for SMART-routed US stocks)"),
    _sent(132, _REJECTED, _DOC, "Clearing account missing"),
    _sent(133, _REJECTED, _DOC, "New order could not be submitted"),
    _sent(134, _REJECTED, _DOC, "Order modification failed"),
    _sent(135, _FAILED, _DOC, "Order id to act on not found"),
    _sent(136, _FAILED, _DOC, "Order cannot be cancelled"),
    _sent(137, _FAILED, _DOC, "VWAP orders cancellable only until three minutes before start"),
    _sent(138, _FAILED, _DOC, "Market-data request could not be parsed"),
    _sent(139, _FAILED, _DOC, "Request could not be parsed"),
    _sent(140, _REJECTED, _DOC, "Size must be an integer"),
    _sent(141, _REJECTED, _DOC, "Price must be a number"),
    _sent(142, _FAILED, _DOC, "Institutional account lacks account information"),
    _sent(143, _FAILED, _DOC, "Request id is not an integer"),
    _sent(144, _REJECTED, _DOC, "Order size and share allocation differ"),
    _sent(145, _REJECTED, _DOC, "Validation of order fields failed"),
    _sent(146, _REJECTED, _DOC, "Invalid trigger method"),
    _sent(147, _REJECTED, _DOC, "Contract of a condition is incomplete"),
    _sent(148, _REJECTED, _DOC, "Conditional orders only with limit/market type (deprecated)"),
    _sent(151, _REJECTED, _DOC, "User name required (DDE)"),
    _sent(152, _REJECTED, _DOC, "Hidden attribute not allowed for this order"),
    _sent(153, _REJECTED, _DOC, "EFPs only as limit orders (deprecated)"),
    _sent(154, _REJECTED, _DOC, "Security is halted"),
    _sent(155, _REJECTED, _DOC, "SizeOp order needs user name and account (deprecated)"),
    _sent(156, _REJECTED, _DOC, "SizeOp order must go to IBSX (deprecated)"),
    _sent(157, _REJECTED, _DOC, "Iceberg and discretionary exclude each other"),
    _sent(158, _REJECTED, _DOC, "Trailing offset (amount or percent) missing"),
    _sent(159, _REJECTED, _DOC, "Percent offset must lie between 0 and 100"),
    _sent(160, _REJECTED, _DOC, "Size may not be zero"),
    _sent(161, _FAILED, _DOC, "Cancel request for an order that is not cancellable in its state (often already done)",
          "check the order status, usually harmless"),
    _sent(162, _FAILED, _DOC, "Historical data service error; the text decides: pacing violation, no data, no "
          "permission, invalid step, query cancelled",
          "pacing: back off; no data: empty result; others: fail the request"),
    _sent(163, _REJECTED, _DOC, "Price violates the percentage precaution"),
    _sent(164, _REJECTED, _DOC, "No market data to check the percentage precaution against"),
    _sent(165, _NOTICE, _DOC, "Historical/scanner service information (for example no items retrieved); not an error "
          "of the API request",
          "for a scanner: treat as empty result"),
    _sent(166, _FAILED, _DOC, "No historical data for this expired contract"),
    _sent(167, _REJECTED, _DOC, "VWAP time must lie in the future"),
    _sent(168, _REJECTED, _DOC, "Discretionary amount does not fit the price increment"),
    _sent(200, _FAILED, _DOC, "Contract not found, or the description is ambiguous; for an order the order is "
          "rejected",
          "fail the request/order; refine the contract"),
    _sent(201, _REJECTED, _DOC, "Order rejected by IB, reason in the text; advancedOrderRejectJson may carry details",
          "final state of the order"),
    _sent(202, _REJECTED, _DOC, "Order cancelled, reason in the text; also the normal answer to a cancel",
          "confirmation, not a failure, when a cancel was requested"),
    _sent(203, _REJECTED, _DOC, "Security not available or not allowed for this account"),
    _sent(300, _FAILED, _DOC, "Market-data id to cancel not known", "ignore after unsubscribe races"),
    _sent(301, _FAILED, _DOC, "Invalid ticker action"),
    _sent(302, _FAILED, _DOC, "Error parsing a stop-ticker text"),
    _sent(303, _REJECTED, _DOC, "Invalid order action for this account"),
    _sent(304, _FAILED, _DOC, "Invalid account value action"),
    _sent(305, _FAILED, _DOC, "DDE request could not be parsed"),
    _sent(306, _FAILED, _DOC, "DDE request failed"),
    _sent(307, _FAILED, _DOC, "Invalid DDE topic"),
    _sent(308, _FAILED, _DOC, "TWS cannot open another API page"),
    _sent(309, _FAILED, _DOC, "Limit of market depth requests reached (three by default)"),
    _sent(310, _FAILED, _DOC, "Market depth id to cancel not known"),
    _sent(311, _REJECTED, _DOC, "Invalid order origin"),
    _sent(312, _REJECTED, _DOC, "Combo details invalid"),
    _sent(313, _REJECTED, _DOC, "Details of one combo leg invalid"),
    _sent(314, _REJECTED, _DOC, "BAG contract without legs"),
    _sent(315, _REJECTED, _DOC, "Stock combo legs only via SMART"),
    _sent(316, _FAILED, _DOC, "Market depth halted; the subscription is over", "subscribe again"),
    _sent(317, _NOTICE, _DOC, "Market depth reset; the stream continues", "clear the book, keep the subscription"),
    _sent(319, _FAILED, _DOC, "Log level must be 1 to 5"),
    _sent(320, _FAILED, _DOC, "Server failed while reading the request (malformed/unsupported field for the "
          "negotiated version)"),
    _sent(321, _FAILED, _BOTH, "Server failed while validating the request; text names the cause: read-only API, "
          "missing account code, invalid account, FA-only request... For a modification the working order stays live."
          " Id may be 2147483647 when no request id applies",
          "read-only: disable orders; otherwise fail the request"),
    _sent(322, _FAILED, _DOC, "Server failed while processing the request (for example duplicate id, too many "
          "account-summary requests)"),
    _sent(323, _FAILED, _DOC, "Server error with a free cause text"),
    _sent(324, _FAILED, _DOC, "DDE request incomplete"),
    _sent(325, _REJECTED, _DOC, "Discretionary not supported for exchange/order type"),
    _sent(326, _FATAL, _DOC, "Client id already in use by another connection; TWS closes the socket right afterwards",
          "do not hammer: wait (stale session) or use another id"),
    _sent(327, _FAILED, _DOC, "Auto-bind of TWS orders only for client id 0"),
    _sent(328, _REJECTED, _DOC, "Trailing stop can only be attached to limit or stop-limit orders"),
    _sent(329, _REJECTED, _BOTH, "Order type cannot be changed that way; the working order stays live"),
    _sent(330, _FAILED, _DOC, "Managed accounts only for FA or STL"),
    _sent(331, _FAILED, _DOC, "FA/STL without managed accounts"),
    _sent(332, _REJECTED, _DOC, "Account codes of the order profile invalid"),
    _sent(333, _REJECTED, _DOC, "Share allocation syntax invalid"),
    _sent(334, _REJECTED, _DOC, "Invalid good-till-date"),
    _sent(335, _REJECTED, _DOC, "Delta must lie between 0 and 100"),
    _sent(336, _REJECTED, _DOC, "Invalid time or zone, hh:mm:ss with optional zone expected"),
    _sent(337, _REJECTED, _DOC, "Invalid date/time/zone, yyyymmdd hh:mm:ss with optional zone expected"),
    _sent(338, _REJECTED, _DOC, "Good-after-time disabled on this exchange"),
    _sent(339, _REJECTED, _DOC, "Futures spreads no longer supported, use combos"),
    _sent(340, _REJECTED, _DOC, "Invalid improvement amount for box auction"),
    _sent(341, _REJECTED, _DOC, "Delta must lie between 1 and 100"),
    _sent(342, _REJECTED, _DOC, "Pegged order not supported there"),
    _sent(343, _REJECTED, _DOC, "Invalid date/time/zone"),
    _sent(344, _FAILED, _DOC, "Not a financial-advisor account"),
    _sent(345, _REJECTED, _DOC, "Generic combo not supported for FA accounts"),
    _sent(346, _FAILED, _DOC, "Not an institutional or away-clearing account"),
    _sent(347, _REJECTED, _DOC, "Short sale slot must be 1 or 2"),
    _sent(348, _REJECTED, _DOC, "Short sale slot needs action SSHORT"),
    _sent(349, _REJECTED, _DOC, "Generic combo without good-after"),
    _sent(350, _REJECTED, _DOC, "Minimum quantity not supported for best-combo"),
    _sent(351, _REJECTED, _DOC, "Regular-hours-only flag not valid"),
    _sent(352, _REJECTED, _DOC, "Short sale slot 2 needs a location"),
    _sent(353, _REJECTED, _DOC, "Short sale slot 1 excludes a location"),
    _sent(354, _FAILED, _DOC, "Market data not subscribed (delayed may be available, see text)",
          "switch market data type or fail the subscription"),
    _sent(355, _REJECTED, _DOC, "Size does not fit the market rule"),
    _sent(356, _REJECTED, _DOC, "Smart combo does not support OCA"),
    _sent(357, _FATAL, _DOC, "Client version too old"),
    _sent(358, _REJECTED, _DOC, "Smart combo child order not supported"),
    _sent(359, _REJECTED, _DOC, "Combo supports only reduce-on-fill without block"),
    _sent(360, _REJECTED, _DOC, "No what-if for smart combos"),
    _sent(361, _REJECTED, _DOC, "Invalid trigger price"),
    _sent(362, _REJECTED, _DOC, "Invalid adjusted stop price"),
    _sent(363, _REJECTED, _DOC, "Invalid adjusted stop limit price"),
    _sent(364, _REJECTED, _DOC, "Invalid adjusted trailing amount"),
    _sent(365, _FAILED, _DOC, "Scanner id not known", "ignore after cancel races"),
    _sent(366, _FAILED, _DOC, "Historical query id not known (often a cancel after completion)",
          "ignore after cancel races"),
    _sent(367, _REJECTED, _DOC, "Volatility type must be 1 or 2 on VOL orders only"),
    _sent(368, _REJECTED, _DOC, "Reference price type must be 1 or 2 on VOL orders only"),
    _sent(369, _REJECTED, _DOC, "Volatility orders only for US options"),
    _sent(370, _REJECTED, _DOC, "Dynamic volatility needs SMART or price-improvement venue"),
    _sent(371, _REJECTED, _DOC, "VOL order needs a positive volatility"),
    _sent(372, _REJECTED, _DOC, "Dynamic volatility attribute on a non-VOL order"),
    _sent(373, _REJECTED, _DOC, "Stock range only on VOL or relative-to-stock orders"),
    _sent(374, _REJECTED, _DOC, "Lower stock range must be below the upper"),
    _sent(375, _REJECTED, _DOC, "Stock range may not be negative"),
    _sent(376, _REJECTED, _DOC, "Continuous update not possible for this order"),
    _sent(377, _REJECTED, _DOC, "Delta hedge auxiliary price invalid"),
    _sent(378, _REJECTED, _DOC, "Delta hedge type requires an auxiliary price"),
    _sent(379, _REJECTED, _DOC, "Delta hedge type excludes an auxiliary price"),
    _sent(380, _REJECTED, _DOC, "Order type not allowed for delta hedge"),
    _sent(381, _FAILED, _DOC, "DDE library too old"),
    _sent(382, _REJECTED, _DOC, "Price violates the ticks precaution"),
    _sent(383, _REJECTED, _DOC, "Size violates the size precaution"),
    _sent(384, _FAILED, _DOC, "Invalid DDE array request"),
    _sent(385, _FAILED, _DOC, "Scanner id already in use"),
    _sent(386, _FAILED, _DOC, "Historical query id already in use"),
    _sent(387, _REJECTED, _DOC, "Order type not supported for exchange/security type"),
    _sent(388, _REJECTED, _DOC, "Size below the minimum"),
    _sent(389, _REJECTED, _DOC, "Routed order id not unique"),
    _sent(390, _REJECTED, _DOC, "Routed order id invalid"),
    _sent(391, _REJECTED, _DOC, "Invalid time or zone"),
    _sent(392, _REJECTED, _DOC, "Contract expired"),
    _sent(393, _REJECTED, _DOC, "Short sale slot only for delta hedge orders here"),
    _sent(394, _FAILED, _DOC, "Process time must be 100 to 2000 ms"),
    _sent(395, _REJECTED, _DOC, "OCA orders temporarily not accepted"),
    _sent(396, _REJECTED, _DOC, "Only market and limit orders accepted at the moment"),
    _sent(397, _REJECTED, _DOC, "Only market and limit orders accepted at the moment (second form)"),
    _sent(398, _REJECTED, _DOC, "Value cannot be used as condition trigger"),
    _sent(399, _NOTICE, _DOC, "Order message; mostly a warning (text starts with Warning, for example order held "
          "until the market opens), the order lives on",
          "attach to the order, do not cancel it"),
    _sent(400, _REJECTED, _DOC, "Algo order error"),
    _sent(401, _REJECTED, _DOC, "Length restriction violated"),
    _sent(402, _REJECTED, _DOC, "Conditions not allowed for this contract"),
    _sent(403, _REJECTED, _DOC, "Invalid stop price"),
    _sent(404, _NOTICE, _DOC, "Shares not available for short sale; order is held while being located",
          "order stays live"),
    _sent(405, _REJECTED, _DOC, "Child size must match the parent (deprecated)"),
    _sent(406, _REJECTED, _DOC, "Currency not allowed"),
    _sent(407, _FAILED, _DOC, "Symbol has non-ASCII characters"),
    _sent(408, _REJECTED, _DOC, "Invalid scale increment"),
    _sent(409, _REJECTED, _DOC, "Scale component size missing/invalid"),
    _sent(410, _REJECTED, _DOC, "Scale subsequent size invalid"),
    _sent(411, _REJECTED, _DOC, "Outside-regular-hours flag not valid"),
    _sent(412, _REJECTED, _DOC, "Contract not available for trading"),
    _sent(413, _REJECTED, _DOC, "What-if order must have transmit true"),
    _sent(414, _FAILED, _DOC, "Snapshot and generic ticks exclude each other"),
    _sent(415, _FAILED, _DOC, "Previous RFQ still running"),
    _sent(416, _FAILED, _DOC, "RFQ not applicable"),
    _sent(417, _REJECTED, _DOC, "Scale initial size invalid"),
    _sent(418, _REJECTED, _DOC, "Scale profit offset invalid"),
    _sent(419, _REJECTED, _DOC, "Scale initial size missing"),
    _sent(420, _FAILED, _DOC, "Real-time bar query invalid or paced", "back off"),
    _sent(421, _REJECTED, _DOC, "Invalid route (deprecated)"),
    _sent(422, _REJECTED, _DOC, "Account/clearing attributes may not be changed"),
    _sent(423, _REJECTED, _DOC, "RFQ of the cross order expired"),
    _sent(424, _REJECTED, _DOC, "FA order needs an allocation (deprecated)"),
    _sent(425, _REJECTED, _DOC, "FA order needs manual per-account allocation (deprecated)"),
    _sent(426, _REJECTED, _DOC, "No account holds enough shares"),
    _sent(427, _REJECTED, _DOC, "Mutual fund order needs a monetary value (deprecated)"),
    _sent(428, _REJECTED, _DOC, "Mutual fund sell needs shares (deprecated)"),
    _sent(429, _REJECTED, _DOC, "Delta neutral only for combos"),
    _sent(430, _FAILED, _DOC, "Fundamental data not available (request removed in 10.51)"),
    _sent(431, _FAILED, _DOC, "What-to-show missing or wrong (deprecated)"),
    _sent(432, _REJECTED, _DOC, "Commission may not be negative (deprecated)"),
    _sent(433, _REJECTED, _DOC, "Restore-size flag invalid for multi-account scale"),
    _sent(434, _NOTICE, _BOTH, "Order size cannot be zero (seen as a warning on partially cancelled/allocated orders)"),
    _sent(435, _FAILED, _DOC, "Account must be given"),
    _sent(436, _REJECTED, _DOC, "Allocation (account, group or profile) must be given"),
    _sent(437, _REJECTED, _DOC, "Outside RTH and allow-pre-open exclude each other (deprecated)"),
    _sent(438, _FAILED, _DOC, "Application locked (deprecated)"),
    _sent(439, _REJECTED, _DOC, "Algo definition not found"),
    _sent(440, _REJECTED, _DOC, "Algo cannot be modified"),
    _sent(441, _REJECTED, _DOC, "Algo attribute validation failed"),
    _sent(442, _REJECTED, _DOC, "Algo not allowed for this order"),
    _sent(443, _REJECTED, _DOC, "Unknown algo attribute"),
    _sent(444, _REJECTED, _DOC, "Volatility combo not yet acknowledged"),
    _sent(445, _REJECTED, _DOC, "RFQ no longer valid"),
    _sent(446, _REJECTED, _DOC, "Scale profit offset missing"),
    _sent(447, _REJECTED, _DOC, "Scale price adjustment amount or interval missing"),
    _sent(448, _REJECTED, _DOC, "Scale price adjustment interval invalid"),
    _sent(449, _REJECTED, _DOC, "Unexpected scale price adjustment"),
    _sent(451, _REJECTED, _COM, "Order value above the total value limit of the precautionary settings"),
    _sent(460, _REJECTED, _COM, "No trading permission for this instrument"),
    _sent(463, _REJECTED, _COM, "Order invalidated (seen in the invalidating set of a production client)"),
    _sent(478, _FAILED, _UNS, "Contract parameters contradict the contract id"),
    _sent(481, _NOTICE, _UNS, "Order size was reduced"),
    _sent(492, _NOTICE, _COM, "Scanner results less precise without further subscriptions; results follow"),
    _local(501, _FAILED, "Already connected (connect or set-options called while connected)",
           "ignore or disconnect first"),
    _local(502, _FATAL, "TCP connection could not be opened (TWS not running, API disabled, wrong port, untrusted "
           "host); Java also uses it when the socket ends before/between frames; C#/C++/Java also when a redirect is "
           "refused",
           "retry with back-off"),
    _local(503, _FATAL, "TWS too old: below the minimum, or a request/field needs a newer server version (then only "
           "that request fails, nothing is sent)",
           "per request unless raised at connect"),
    _local(504, _FATAL, "Not connected: a request was attempted without a live connection", "reconnect"),
    _local(505, _NOTICE, "Unknown incoming message id (Python continues; other languages stop decoding)",
           "skip the frame"),
    _local(506, _FATAL, "Server version outside the client range (Java, C++, C#, Go, TypeScript; unused in Python)"),
    _local(507, _FATAL, "Frame length above 0xFFFFFF; Java additionally for EOF inside the reader loop",
           "drop the connection, reconnect"),
    # IB's clients call this fatal, and for most of them it is. Frames delimit themselves: one that cannot be read is
    # one event here, and the connection goes on. The only row whose kind differs from the collected facts.
    _local(508, _NOTICE, "Message could not be decoded", "skip the frame or reconnect"),
    _local(509, _FATAL, "Socket exception while reading/writing (C++); in Java and TypeScript the generic "
           "failed-to-send error"),
    _local(510, _FAILED, "Sending failed: market data request"),
    _local(511, _FAILED, "Sending failed: market data cancel"),
    _local(512, _FAILED, "Sending failed: order"),
    _local(513, _FAILED, "Sending failed: account updates"),
    _local(514, _FAILED, "Sending failed: executions"),
    _local(515, _FAILED, "Sending failed: order cancel"),
    _local(516, _FAILED, "Sending failed: open orders"),
    _local(517, _FAILED, "Unknown contract (Java and TypeScript list only)"),
    _local(518, _FAILED, "Sending failed: contract data"),
    _local(519, _FAILED, "Sending failed: market depth"),
    _local(520, _FATAL, "Socket could not be created (in Java the same number means: sending market depth cancel "
           "failed)"),
    _local(521, _FAILED, "Sending failed: server log level"),
    _local(522, _FAILED, "Sending failed: FA request"),
    _local(523, _FAILED, "Sending failed: FA replace"),
    _local(524, _FAILED, "Sending failed: scanner subscription"),
    _local(525, _FAILED, "Sending failed: scanner cancel"),
    _local(526, _FAILED, "Sending failed: scanner parameters"),
    _local(527, _FAILED, "Sending failed: historical data"),
    _local(528, _FAILED, "Sending failed: historical data cancel"),
    _local(529, _FAILED, "Sending failed: real-time bars"),
    _local(530, _FAILED, "Sending failed: real-time bars cancel (C++: TLS error)"),
    _local(531, _FAILED, "Sending failed: current time"),
    _local(532, _FAILED, "Sending failed: fundamental data (removed from Python 10.51)"),
    _local(533, _FAILED, "Sending failed: fundamental data cancel (removed from Python 10.51)"),
    _local(534, _FAILED, "Sending failed: implied volatility calculation"),
    _local(535, _FAILED, "Sending failed: option price calculation"),
    _local(536, _FAILED, "Sending failed: implied volatility cancel"),
    _local(537, _FAILED, "Sending failed: option price cancel"),
    _local(538, _FAILED, "Sending failed: global cancel"),
    _local(539, _FAILED, "Sending failed: market data type"),
    _local(540, _FAILED, "Sending failed: positions"),
    _local(541, _FAILED, "Sending failed: positions cancel"),
    _local(542, _FAILED, "Sending failed: account data (account summary)"),
    _local(543, _FAILED, "Sending failed: account data cancel"),
    _local(544, _FAILED, "Sending failed: verify request, or extra authentication was not announced at connect"),
    _local(545, _FAILED, "Sending failed: verify message"),
    _local(546, _FAILED, "Sending failed: query display groups"),
    _local(547, _FAILED, "Sending failed: subscribe to group events"),
    _local(548, _FAILED, "Sending failed: update display group"),
    _local(549, _FAILED, "Sending failed: unsubscribe from group events"),
    _local(550, _FATAL, "Sending failed: start API", "reconnect"),
    _local(551, _FAILED, "Sending failed: verify and auth request"),
    _local(552, _FAILED, "Sending failed: verify and auth message"),
    _local(553, _FAILED, "Sending failed: positions multi"),
    _local(554, _FAILED, "Sending failed: positions multi cancel"),
    _local(555, _FAILED, "Sending failed: account updates multi"),
    _local(556, _FAILED, "Sending failed: account updates multi cancel"),
    _local(557, _FAILED, "Sending failed: option chain parameters"),
    _local(558, _FAILED, "Sending failed: soft dollar tiers"),
    _local(559, _FAILED, "Sending failed: family codes"),
    _local(560, _FAILED, "Sending failed: matching symbols"),
    _local(561, _FAILED, "Sending failed: depth exchanges"),
    _local(562, _FAILED, "Sending failed: smart components"),
    _local(563, _FAILED, "Sending failed: news providers"),
    _local(564, _FAILED, "Sending failed: news article"),
    _local(565, _FAILED, "Sending failed: historical news"),
    _local(566, _FAILED, "Sending failed: head timestamp"),
    _local(567, _FAILED, "Sending failed: histogram"),
    _local(568, _FAILED, "Sending failed: histogram cancel"),
    _local(569, _FAILED, "Sending failed: head timestamp cancel"),
    _local(570, _FAILED, "Sending failed: market rule"),
    _local(571, _FAILED, "Sending failed: PnL"),
    _local(572, _FAILED, "Sending failed: PnL cancel"),
    _local(573, _FAILED, "Sending failed: single PnL"),
    _local(574, _FAILED, "Sending failed: single PnL cancel"),
    _local(575, _FAILED, "Sending failed: historical ticks"),
    _local(576, _FAILED, "Sending failed: tick-by-tick"),
    _local(577, _FAILED, "Sending failed: tick-by-tick cancel"),
    _local(578, _FAILED, "Sending failed: completed orders"),
    _local(579, _FAILED, "A text argument has a character outside printable ASCII plus tab, CR, LF (text protocol, "
           "host, connect options, capabilities)"),
    _local(580, _FAILED, "Sending failed: WSH metadata"),
    _local(581, _FAILED, "Sending failed: WSH metadata cancel"),
    _local(582, _FAILED, "Sending failed: WSH events"),
    _local(583, _FAILED, "Sending failed: WSH events cancel"),
    _local(584, _FAILED, "Sending failed: user info"),
    _local(585, _FAILED, "FA profiles are no longer supported, use groups"),
    _local(586, _FATAL, "Reading failed because not connected (TypeScript, Go lists)"),
    _local(587, _FAILED, "Sending failed: current time in milliseconds"),
    _local(588, _FAILED, "A request could not be encoded as protobuf (Python: conditions only)"),
    _local(589, _FAILED, "Sending failed: market depth cancel"),
    _local(590, _FAILED, "Sending failed: contract data cancel"),
    _local(591, _FAILED, "Sending failed: historical ticks cancel"),
    _local(592, _FAILED, "Sending failed: config request"),
    _local(593, _FAILED, "Sending failed: config update"),
    _sent(1100, _LINK, _DOC, "TWS/Gateway lost its link to IB; the API socket stays up",
          "mark data stale, keep the socket, do not send orders blindly, wait for 1101/1102"),
    _sent(1101, _LINK, _DOC, "Link restored, market-data subscriptions are lost",
          "resubscribe everything, then reconcile orders, executions, positions"),
    _sent(1102, _LINK, _DOC, "Link restored, subscriptions were kept",
          "keep subscriptions; reconcile orders/executions if in doubt"),
    _sent(1300, _FATAL, _DOC, "API port was changed; this connection is being dropped, the new port number is in the "
          "text",
          "reconnect to the port parsed from the text"),
    _sent(2100, _NOTICE, _DOC, "Account-updates subscription of this client was replaced by a newer request"),
    _sent(2101, _FAILED, _DOC, "Account-updates subscription refused because another client holds a different account"),
    _sent(2102, _REJECTED, _DOC, "Order cannot be modified while still being processed; working order stays live",
          "retry the modification later"),
    _sent(2103, _FARM, _DOC, "A market data farm is disconnected", "data of that farm is stale until 2104"),
    _sent(2104, _FARM, _DOC, "A market data farm is connected; farm name after the colon"),
    _sent(2105, _FARM, _DOC, "A historical data farm is disconnected"),
    _sent(2106, _FARM, _DOC, "A historical data farm is connected"),
    _sent(2107, _FARM, _DOC, "A historical data farm is idle and will reconnect on demand", "ignore"),
    _sent(2108, _FARM, _DOC, "A market data farm is idle and will reconnect on demand", "ignore"),
    _sent(2109, _NOTICE, _DOC, "Outside-regular-hours attribute ignored, order is processed"),
    _sent(2110, _LINK, _DOC, "TWS is not connected to the server at the moment, it will reconnect by itself; seen on "
          "connect while TWS is offline",
          "like 1100"),
    _sent(2113, _NOTICE, _COM, "Bond size is a nominal par value (information)"),
    _sent(2119, _FARM, _COM, "A market data farm is connecting"),
    _sent(2129, _NOTICE, _COM, "Product data is indicative only (disclaimer)"),
    _sent(2137, _NOTICE, _DOC, "Order would turn a position from long to short or back"),
    _sent(2148, _NOTICE, _COM, "Order warning of the confirmation kind (seen in production warning sets)"),
    _sent(2150, _NOTICE, _COM, "Position/trade derived value is invalid"),
    _sent(2152, _NOTICE, _UNS, "Further exchanges exist for depth that need permissions; text lists available and "
          "unavailable ones"),
    _sent(2157, _FARM, _COM, "A security-definition farm is disconnected", "contract lookups may fail until 2158"),
    _sent(2158, _FARM, _DOC, "A security-definition farm is connected"),
    _sent(2159, _FARM, _COM, "A security-definition farm is idle", "ignore"),
    _sent(2161, _NOTICE, _UNS, "Order price-cap notice (limit price may be capped or rejected by IB)"),
    _sent(2168, _NOTICE, _DOC, "eTradeOnly attribute no longer supported, remove it"),
    _sent(2169, _NOTICE, _DOC, "firmQuoteOnly attribute no longer supported, remove it"),
    _sent(2174, _NOTICE, _COM, "Date-time without explicit zone is deprecated; use yyyymmdd-hh:mm:ss (UTC) or add a "
          "zone"),
    _sent(2176, _NOTICE, _COM, "Negotiated API version predates fractional size rules (163); sizes are trimmed to "
          "integers",
          "negotiate a higher version"),
    _sent(2187, _NOTICE, _COM, "Generic ticks unavailable while falling back to delayed data"),
    _sent(2188, _NOTICE, _COM, "Up-to-the-second historical data needs a subscription; the older bars still follow",
          "keep the request open"),
    _sent(10000, _REJECTED, _DOC, "Cross-currency combo error"),
    _sent(10001, _REJECTED, _DOC, "Cross-currency volatility error"),
    _sent(10002, _REJECTED, _DOC, "Invalid non-guaranteed legs"),
    _sent(10003, _REJECTED, _DOC, "IBSX not allowed"),
    _sent(10005, _REJECTED, _DOC, "Models are read-only"),
    _sent(10006, _REJECTED, _DOC, "Parent order not found (child sent too quickly after its parent)",
          "send parent first with transmit false, pause briefly"),
    _sent(10007, _REJECTED, _DOC, "Invalid hedge type"),
    _sent(10008, _REJECTED, _DOC, "Invalid beta"),
    _sent(10009, _REJECTED, _DOC, "Invalid hedge ratio"),
    _sent(10010, _REJECTED, _DOC, "Invalid delta hedge order"),
    _sent(10011, _REJECTED, _DOC, "Currency not supported for smart combo"),
    _sent(10012, _REJECTED, _DOC, "Invalid allocation percentage"),
    _sent(10013, _REJECTED, _DOC, "Smart-routing opt-out required"),
    _sent(10014, _REJECTED, _DOC, "Percent-change limits (deprecated)"),
    _sent(10015, _REJECTED, _DOC, "Trading via API not allowed"),
    _sent(10016, _REJECTED, _DOC, "Contract not visible (deprecated)"),
    _sent(10017, _REJECTED, _DOC, "Contracts not visible (deprecated)"),
    _sent(10018, _NOTICE, _DOC, "Orders use EV (economic value) rule warning"),
    _sent(10019, _NOTICE, _DOC, "Trades use EV (economic value) rule warning"),
    _sent(10020, _REJECTED, _DOC, "Display size must be below the order size"),
    _sent(10021, _REJECTED, _DOC, "Invalid leg2-to-market offset (deprecated)"),
    _sent(10022, _REJECTED, _DOC, "Invalid leg priority (deprecated)"),
    _sent(10023, _REJECTED, _DOC, "Invalid combo display size (deprecated)"),
    _sent(10024, _REJECTED, _DOC, "Invalid dont-start-next-leg-in value (deprecated)"),
    _sent(10025, _REJECTED, _DOC, "Invalid leg2-to-market time1 (deprecated)"),
    _sent(10026, _REJECTED, _DOC, "Invalid leg2-to-market time2 (deprecated)"),
    _sent(10027, _REJECTED, _DOC, "Invalid combo routing tag (deprecated)"),
    _sent(10038, _LINK, _COM, "Listed by a production client next to 502-504/1100 as loss of the client connection; "
          "official meaning not found"),
    _sent(10052, _REJECTED, _COM, "Invalid time in force (warning set of a production client)"),
    _sent(10058, _REJECTED, _COM, "Combo per-leg prices only for two-leg non-guaranteed smart combos"),
    _sent(10089, _NOTICE, _COM, "Market data needs an extra API subscription; delayed data may follow (text says so)",
          "keep the request open"),
    _sent(10090, _NOTICE, _DOC, "Part of the requested market data is not subscribed; the rest flows",
          "keep the request open"),
    _sent(10091, _NOTICE, _COM, "Part of the market data needs an extra API subscription; the rest flows",
          "keep the request open"),
    _sent(10092, _FAILED, _COM, "Market depth not supported for this security type/exchange"),
    _sent(10147, _FAILED, _COM, "Order id to cancel not found"),
    _sent(10148, _FAILED, _DOC, "Order cannot be cancelled, state in the text (for example already filled)",
          "not fatal for the order"),
    _sent(10149, _REJECTED, _COM, "Invalid order id (for example 0)"),
    _sent(10167, _NOTICE, _COM, "Not subscribed, delayed data is shown instead", "keep the request open"),
    _sent(10168, _FAILED, _COM, "Not subscribed and delayed data not enabled"),
    _sent(10172, _FAILED, _COM, "News article request failed"),
    _sent(10182, _FAILED, _COM, "Live update of historical data (keepUpToDate) failed, usually after a disconnect",
          "resubscribe after connectivity returns"),
    _sent(10185, _FAILED, _UNS, "PnL subscription to cancel not found"),
    _sent(10186, _FAILED, _DOC, "Not subscribed and delayed data not enabled"),
    _sent(10187, _FAILED, _COM, "Historical ticks request failed"),
    _sent(10189, _FAILED, _COM, "Tick-by-tick request failed; text gives the reason"),
    _sent(10190, _FAILED, _COM, "Limit of tick-by-tick requests reached"),
    _sent(10197, _FAILED, _DOC, "No market data because a competing live session is using it",
          "data resumes when the other session ends; retry later"),
    _sent(10225, _FAILED, _DOC, "Bust event: real-time bars subscription stopped", "resubscribe at once"),
    _sent(10230, _FAILED, _DOC, "Unsaved FA changes pending, retry later"),
    _sent(10231, _FAILED, _DOC, "FA groups/profiles contain invalid accounts"),
    _sent(10233, _NOTICE, _DOC, "Order took defaults from the cash preset"),
    _sent(10234, _REJECTED, _DOC, "Decision-maker field required (non-desktop)"),
    _sent(10235, _REJECTED, _DOC, "Decision-maker field required (bot)"),
    _sent(10236, _REJECTED, _DOC, "Child must be all-or-none like its parent"),
    _sent(10237, _REJECTED, _DOC, "All-or-none routes the whole size only"),
    _sent(10238, _FAILED, _DOC, "Communication with the advisor setup web application failed"),
    _sent(10239, _NOTICE, _DOC, "Order affects accounts outside the risk score of the group"),
    _sent(10240, _REJECTED, _DOC, "Price cap required"),
    _sent(10241, _REJECTED, _DOC, "Monetary quantity cannot be modified via API"),
    _sent(10242, _REJECTED, _DOC, "Fractional order cannot be modified via API"),
    _sent(10243, _REJECTED, _DOC, "Fractional order cannot be placed via API"),
    _sent(10244, _REJECTED, _DOC, "Cash quantity not usable for this order"),
    _sent(10245, _REJECTED, _DOC, "Instrument without fractional trading"),
    _sent(10246, _REJECTED, _DOC, "Order without fractional trading support"),
    _sent(10247, _REJECTED, _DOC, "Fractions only via SMART"),
    _sent(10248, _REJECTED, _DOC, "Account lacks fractional permission"),
    _sent(10249, _REJECTED, _DOC, "Order type without fractional support"),
    _sent(10250, _REJECTED, _DOC, "Size does not fit the minimum size variation"),
    _sent(10251, _REJECTED, _DOC, "Fractions not supported for allocations"),
    _sent(10252, _REJECTED, _DOC, "Fractions not supported for this opening order"),
    _sent(10253, _REJECTED, _DOC, "Clear-away not supported with attached hedge combos"),
    _sent(10254, _REJECTED, _DOC, "Bond expired"),
    _sent(10268, _REJECTED, _DOC, "eTradeOnly attribute not supported", "do not send it"),
    _sent(10269, _REJECTED, _DOC, "firmQuoteOnly attribute not supported", "do not send it"),
    _sent(10270, _REJECTED, _DOC, "nbboPriceCap attribute not supported", "do not send it"),
    _sent(10274, _REJECTED, _COM, "postToAts attribute not allowed or invalid", "send it unset"),
    _sent(10276, _FAILED, _DOC, "News feed not allowed"),
    _sent(10277, _FAILED, _DOC, "News feed permission missing"),
    _sent(10278, _FAILED, _DOC, "WSH metadata request already running"),
    _sent(10279, _FAILED, _DOC, "WSH metadata request failed"),
    _sent(10280, _FAILED, _DOC, "WSH metadata cancel failed"),
    _sent(10281, _FAILED, _DOC, "WSH event request already running"),
    _sent(10282, _FAILED, _DOC, "WSH metadata must be requested before events"),
    _sent(10283, _FAILED, _DOC, "WSH event request failed"),
    _sent(10284, _FAILED, _DOC, "WSH event cancel failed"),
    _sent(10285, _FAILED, _COM, "Negotiated API version is below 163 and the instrument needs fractional sizes",
          "negotiate a higher version"),
    _sent(10289, _REJECTED, _COM, "Order needs a cash quantity (listed as order rejection by a production client)"),
    _sent(10293, _REJECTED, _COM, "Order rejection (listed by a production client)"),
    _sent(10311, _NOTICE, _COM, "Directly routed order may cost more; blocked or confirmed by the precautionary "
          "setting"),
    _sent(10314, _FAILED, _COM, "End date/time invalid; the text lists the accepted forms",
          "use yyyymmdd-hh:mm:ss UTC"),
    _sent(10349, _NOTICE, _COM, "Time in force was set from the order preset; the order lives on",
          "do not treat as rejection"),
)
# fmt: on
"""Every row, in the order of the codes."""
