"""What has to do with a start of the program: its folder, its one window, its test of itself."""
