"""Review: every recorded picture, rated with one key, with all that made it."""
