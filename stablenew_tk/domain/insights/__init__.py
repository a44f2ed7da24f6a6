"""What ratings prove: posterior, verdict, report. The door is `analysis.analyse`."""
