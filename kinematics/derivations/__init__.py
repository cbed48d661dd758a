"""The formulas of the kernels, derived with sympy. Read `rotations`, then `tree`; tests hold the kernels to them.

``python -m kinematics.derivations`` prints them as the page ``docs/derivations.md``.
"""
