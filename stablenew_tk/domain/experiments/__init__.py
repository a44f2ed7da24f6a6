"""Design of Learning Runs: the wizard's draft, plan files (JSON), and plans suggested by model profiles."""
