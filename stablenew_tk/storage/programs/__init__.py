"""Programs of other makers on this computer: found, started with a command of the user, and ended."""
