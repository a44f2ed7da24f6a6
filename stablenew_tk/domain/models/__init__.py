"""Profiles and styles of models, and which source wins a value. The door is `precedence.resolve`."""
