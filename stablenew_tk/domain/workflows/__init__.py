"""The user's own workflows of ComfyUI: read, understood, checked against a server, and filled with the values of a job.

A workflow is only ever changed at inputs that somebody named; texts are never put together from values.
"""
