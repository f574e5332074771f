"""Other people's clients, each in a process of its own, have a whole session with the simulated TWS over TCP."""
