"""Model folders: scan, safetensors headers, sidecars of all tools, profiles, hashes. Start at `library.Library`."""
