"""`records`: what looks after the journal. Start at `arguments`."""
