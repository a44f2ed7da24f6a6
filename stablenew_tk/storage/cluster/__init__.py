"""What a cluster keeps on disk: its authority, the certificates of machines, pairing files, finished pictures."""
