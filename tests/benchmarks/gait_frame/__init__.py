"""The restricted gait frame: one posture problem, stated here in numpy, on which solvers are compared.

`problem` is its data and files, `cases` the standard case and its variants, `statement` what is minimised, `judge` the
optimum and whether an answer has reached it, `solvers` who takes part (ours and its peers), `worker` one solver in a
process of its own.
"""
