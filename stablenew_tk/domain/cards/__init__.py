"""Cards to show around: what a verdict says, on one picture or page that holds no path, no person and no machine."""
