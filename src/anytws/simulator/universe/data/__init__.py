"""What the simulated TWS knows by itself, as texts: they are read when the first instrument is asked for."""
