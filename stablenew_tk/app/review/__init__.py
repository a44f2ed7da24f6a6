"""What Review knows without a window: what the filter found, and what a record says."""
