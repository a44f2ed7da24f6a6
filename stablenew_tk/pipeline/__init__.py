"""Runs jobs stage by stage on worker threads. They get orders and report with events."""
