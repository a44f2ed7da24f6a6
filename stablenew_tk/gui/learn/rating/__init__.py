"""Blind rating of a Learning Run: the matrix of pictures, one key a star, the reveal."""
