"""Learning Runs, the queue of jobs, and journal lines on their way to disk. Start at `learning_runs.LearningRunner`."""
