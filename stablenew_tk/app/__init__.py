"""State of the application on the main thread, without a window. Start at `controller.Controller`."""
