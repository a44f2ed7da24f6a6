"""Orders to the worker threads and the events they answer with: frozen values, one subject per module."""
