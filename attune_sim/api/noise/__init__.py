"""How far the same thing comes out apart on this machine: measured, kept, found again."""
