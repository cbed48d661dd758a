"""Scalar numba kernels of the posture problem: goals, step, solve, batch. No allocation inside the solve loop."""
