"""The built-in sketch engine: paints simple pictures that react to the settings. Start at `backend.Sketch`."""
