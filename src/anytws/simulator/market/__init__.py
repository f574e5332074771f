"""The simulated market: one seeded process for each instrument, from which all that is told of it is derived."""
