"""What the terminal commands do, one subject per module."""
