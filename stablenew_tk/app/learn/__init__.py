"""Logic of the Learn page without Tk: progress of Learning Runs, texts of the wizard, the rating session."""
