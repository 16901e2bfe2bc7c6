"""What is claimed of sharing a context, beside what is measured here."""
