"""What is known of the engine in force: its state, its lists, servers of this computer."""
