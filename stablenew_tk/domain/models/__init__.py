"""Profiles and styles of models, and which source wins a value: `value_sources` puts all of them in order."""
