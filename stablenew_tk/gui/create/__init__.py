"""Create: choose a pack, set the values of every stage, press Run."""
