"""Messages between threads: orders to the workers and the events that answer them, one subject for each module."""
