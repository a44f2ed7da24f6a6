"""The wizard that sets up a Learning Run: prompt, parameter, values, seeds."""
