"""Actions are called once, and answer from what is known of that from then on.

- `attendance`  being there whenever an action is called and an attempt ends
- `file`        what the attempts of a run came to, as a file that only its owner can read
- `taking`      writing that file while a run goes on
- `replayed`    actions that answer from it
"""
