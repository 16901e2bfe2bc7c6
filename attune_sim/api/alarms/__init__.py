"""Alarms: rules that outlive an experiment, in pytest and on the command line, and the files that they are told in."""
