"""Orders as the simulated TWS holds them, and what becomes of them. It never looks at what a client believes."""
