"""Runs jobs stage by stage on worker threads and reports by events."""
