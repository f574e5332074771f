"""How messages are written: one table row each, two encodings, two directions.

Start with ``rows`` (the vocabulary), then ``tables/session`` (the rows themselves), then ``codec``.
"""
