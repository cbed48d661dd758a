"""Exit statuses of the command."""

DONE, FAULT, BAD_INPUT, UNSOLVED_FRAMES = 0, 1, 2, 3
#: Stopped by the user, as shells have it.
INTERRUPTED = 130
