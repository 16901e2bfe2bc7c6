"""Instruments: time, memory, sizes and surroundings, read without disturbing what is measured."""
