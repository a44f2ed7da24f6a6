"""Model folders: checkpoints and LoRAs, their headers, and the sidecars of all tools. Start at `library.Library`."""
