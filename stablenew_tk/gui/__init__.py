"""The window: screens that draw what the controller tells them and report what was done."""
