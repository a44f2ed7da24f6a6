"""Learn: Learning Runs, from the list of plans to the verdict."""
