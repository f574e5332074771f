"""The stocks that the simulated TWS knows. How they are found is tested by what is answered about contracts."""

from __future__ import annotations

import pytest

from anytws.messages import Contract, Stock
from anytws.simulator.old_listings import LISTINGS, SMART, found, listing_of


def test_each_has_a_number_of_its_own() -> None:
    assert len({listing.contract_id for listing in LISTINGS}) == len(LISTINGS)


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: f"{listing.symbol}-{listing.currency}")
def test_each_is_found_by_what_it_is_called_in_an_answer(listing) -> None:
    """A contract that TWS reported is good for a request as it is."""
    assert found(listing.contract(SMART)) == [(listing, SMART)]
    assert listing.primary_exchange in listing.venues
    assert found(listing.contract(listing.primary_exchange)) == [(listing, listing.primary_exchange)]


def test_of_several_a_symbol_means_the_one_in_dollars() -> None:
    assert [listing_of(symbol).currency for symbol in ("AAPL", "AMD")] == ["USD", "USD"]


def test_of_an_unknown_symbol_the_error_says_which_there_are() -> None:
    with pytest.raises(LookupError, match=r"knows AAPL, AMD, IBM, MSFT, SPY, and no 'XYZ'"):
        listing_of("XYZ")


def test_nothing_at_all_finds_nothing() -> None:
    assert found(Contract()) == found(Stock("XYZ")) == []
