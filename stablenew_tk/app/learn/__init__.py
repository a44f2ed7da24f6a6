"""Learning Runs without a window: how far they are, what the wizard says, the rating session."""
