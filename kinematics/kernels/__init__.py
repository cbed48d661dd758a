"""Scalar numba kernels: rotations and the tree. They run as ordinary Python with ``NUMBA_DISABLE_JIT=1``."""
