"""The window: its frame and pages. A page draws what the controller tells it and reports what the user did."""
