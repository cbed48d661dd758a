"""Kernels in lanes: rows, what they pull with, a step, a motion; full Newton steps, the three branches side by side."""
