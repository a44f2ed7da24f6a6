"""What Create knows without a window: the pack in sight, values with their sources, what a run would make."""
