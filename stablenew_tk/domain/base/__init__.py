"""Basics for all rooms: errors, ids, statistics, reproducible random numbers, colour roles. Imports nothing of ours."""
