"""What Models knows without a window: facts about a model, search and sorting."""
