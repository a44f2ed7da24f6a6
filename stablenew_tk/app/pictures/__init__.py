"""What pictures in a grid need without a window: where cells stand, which are chosen, the keys that rate."""
