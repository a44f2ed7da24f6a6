"""What is to be made: run requests, jobs (one picture each), and the plans of Learning Runs."""
