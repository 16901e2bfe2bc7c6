"""Less context for the same answers: what of each result is read, and the smallest change that hands on no more."""
