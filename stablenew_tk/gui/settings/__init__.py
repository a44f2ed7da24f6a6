"""Settings, and the welcome of the first start."""
