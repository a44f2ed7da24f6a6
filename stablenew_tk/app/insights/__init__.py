"""What Insights knows without a window: reports of plans, the list, the buttons of a verdict."""
