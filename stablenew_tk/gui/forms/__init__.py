"""The settings form made from the catalogue of parameters, and "Why this value?"."""
