"""For those who test: every message of the catalogue as a Hypothesis strategy, and a wire that misbehaves.

Needs Hypothesis, which a plain install of anytws does not bring; so nothing is imported here, and
``from anytws.testing.strategies import messages`` is the way in.
"""
