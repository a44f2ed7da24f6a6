"""The page Nodes: the machines that make pictures, what each makes now, what they made over the last hour."""
