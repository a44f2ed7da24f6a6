"""The terminal commands, one subject per module. Each is imported when it is called."""
