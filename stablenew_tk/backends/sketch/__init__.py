"""The built-in sketch engine: draws simple pictures that react to the settings. Start at `backend.Sketch`."""
