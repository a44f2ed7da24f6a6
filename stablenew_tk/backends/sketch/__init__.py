"""The built-in sketch engine: paints simple pictures that react to the settings. The door is `backend.Sketch`."""
