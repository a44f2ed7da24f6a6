"""What everything stands on: errors, ids, statistics, reproducible random numbers."""
