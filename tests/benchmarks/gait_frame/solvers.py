"""Who takes part: each solver's name, where it is, and what it is in words."""

from dataclasses import dataclass
from importlib import import_module

OURS = "hipspine"


@dataclass(frozen=True)
class Entry:
    """One solver: a class made with a problem, whose `cycle()` returns the answer (F, 21)."""

    where: str
    words: str
    on_variants: bool = False

    def load(self):
        module, name = self.where.split(":")
        return getattr(import_module(f"tests.benchmarks.gait_frame.{module}"), name)


ENTRIES = {
    OURS: Entry("ours:Solver", "`simulate.solution.solve`; body, goals and limits are data", on_variants=True),
    "CasADi SQP, compiled": Entry(
        "casadi_peers:Compiled",
        "`sqpmethod` (Gauss-Newton Hessian, DAQP) and the loop over the frames as C that CasADi generates, compiled "
        "for this body and these weights",
        on_variants=True,
    ),
    "CasADi SQP, compiled, body as data": Entry(
        "casadi_peers:CompiledOnce",
        "the same with axes, offsets and weights as parameters: compiled once for every body",
        on_variants=True,
    ),
    "MuJoCo + DAQP by hand": Entry(
        "mujoco_peers:ByHand",
        "Gauss-Newton on MuJoCo's frames and derivatives, put together in numpy",
        on_variants=True,
    ),
    "mink + DAQP": Entry(
        "mujoco_peers:Mink", "mink's tasks, iterated; bounds given to DAQP directly", on_variants=True
    ),
    "CasADi SQP": Entry("casadi_peers:Sqp", "`sqpmethod` as it comes, called from Python frame by frame"),
    "CasADi IPOPT": Entry("casadi_peers:Ipopt", "exact Hessian, warm-started"),
    "CasADi IPOPT, Gauss-Newton": Entry("casadi_peers:IpoptGaussNewton", "Gauss-Newton Hessian, warm-started"),
    "SciPy least_squares": Entry("scipy_peer:LeastSquares", "`dogbox`, derivatives in numpy"),
}
