"""Models: checkpoints and LoRAs with what is known of them, and the editor of their profiles."""
