"""Tasks: a reference motion and the goals that make it done."""
