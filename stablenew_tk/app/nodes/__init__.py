"""The machines that make pictures: their threads, what each does now, what it made."""
