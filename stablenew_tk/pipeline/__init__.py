"""Worker threads: run jobs stage by stage, and carry out orders. They report with events through one queue."""
