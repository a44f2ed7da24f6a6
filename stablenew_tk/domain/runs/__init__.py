"""Jobs, and the plans of Learning Runs."""
