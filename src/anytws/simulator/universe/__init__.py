"""What can be traded in the simulated world: instruments, their hours, their chains, and how they are found."""
