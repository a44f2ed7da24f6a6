"""Model folders: checkpoints and LoRAs, their headers, and the sidecars of all tools. The door is `library.Library`."""
