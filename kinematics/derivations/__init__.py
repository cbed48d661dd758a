"""The formulas of the kernels, derived with sympy. Read `rotations`, `tree`, then `composite`.

Tests hold the kernels to them; ``python -m kinematics.derivations`` prints them as the page ``docs/derivations.md``.
"""
