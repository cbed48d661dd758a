"""Where everything lies in the scratch of the kernels in lanes, and in the data they read."""

from kinematics.kernels.lanes import BRANCH, DEPTHS, JOINTS
from kinematics.kernels.lanes import END as TREE_END

#: Kinds of rows: one of a point or direction; three of an orientation; one of a sum of coordinates of one branch; one
#: of a tissue of one branch; one of the whole body's mass centre; one of a sum of any coordinates; one of a tissue of
#: any. The last three join branches.
POINT, TURN, SUM, STRETCH, WHOLE, CROSS, TISSUE = 0, 1, 2, 3, 4, 5, 6
#: A must row is held by a spring of that stiffness whose rest moves until its force is the multiplier. [N/m, N m/rad]
HOLD = 1e8
#: A multiplier counts as a miss of that many m or rad per N or N m.
LEAST_FORCE = 1e-3

# per depth: stiffness G of springs, N and force of the curvature, wrench f; of what holds must rows its stiffness and
# wrench
G, CURVE, BEND, PULL, HELD, MISSED = 0, 21, 30, 33, 39, 60
DEPTH_SIZE = 66
SPRINGS = TREE_END
BOUNDS_LOW, BOUNDS_HIGH, REFERENCE, STIFFNESS, SLOPE, SLOPE_MISSED, SCALE, STATE = (
    SPRINGS + DEPTH_SIZE * DEPTHS + k * JOINTS for k in range(8)
)
#: State of a coordinate that has no room at all: held as at its lower bound (-1), and free again when it has.
LOCKED = -2.0
#: All coordinates' Hessian without the rows that join branches: of each joint the entries with those before it (a
#: branch's: and with the pelvis's), 12 numbers a joint.
HESSIAN = STATE + JOINTS
TRIANGLE = JOINTS * (JOINTS + 1) // 2
FACTOR = HESSIAN + JOINTS * JOINTS
INVERSE, SHIFT, STEP = (FACTOR + TRIANGLE + k * JOINTS for k in range(3))
BEYOND = STEP + JOINTS  # of each depth: what the step moves it by (6)
MASS = BEYOND + 6 * DEPTHS  # of each depth: its mass, mass centre (3), and mass and first moment of what lies beyond
MOMENT = MASS + 4 * DEPTHS
WEIGHTS = MOMENT + 4 * DEPTHS  # what rows of the whole body pull with, bend with, miss by (3 each)
WORST = WEIGHTS + 9  # largest miss of must rows, and of the complementarity of those with room
FAILED, GOES, CURVED, WORSE = WORST + 1, WORST + 2, WORST + 3, WORST + 4
TRUSTED = WORSE + 1  # up to what length a full step is trusted
BEFORE, BEFORE_THAT = TRUSTED + 1, TRUSTED + 1 + JOINTS  # how far the two frames before are from their references
AHEAD, BESIDE = BEFORE_THAT + JOINTS, BEFORE_THAT + 2 * JOINTS  # the two starts of a frame: see `motion.py`
PASSED = BESIDE + JOINTS  # the neighbouring case in the frame before
NEARER = PASSED + JOINTS  # above 0 where `BESIDE` came nearer than `AHEAD` in the frame before
ROWS = NEARER + 1
# per row: multiplier, which end binds (-1, 0, 1), value, what it is over by, stiffness of its hold, its pull, stiffness
# of its spring, what its curvature is weighed with, what the step moves it by, its wrench
MULTIPLIER, ON, VALUE, OVER, HOLDS, PULLS, SPRUNG, BENDS, MOVED, WRENCH = range(10)
ROW_SIZE = WRENCH + 6
# of a row that joins branches: its derivative, the inverse Hessian times it, its stiffness
ACROSS, ANSWER, STIFF = 0, JOINTS, 2 * JOINTS
BORDER_SIZE = STIFF + 1
# per row and frame: room, stiffness or 0, whether a must (1 or 0), constant force; then normal and target of a point,
# the target orientation by rows (after all three rows), or the target of a sum; of a tissue amplitude, shift and slope
# at the reference
LOW, HIGH, SPRING, MUST, FORCE = 0, 1, 2, 3, 4
ROW_DATA = 5
DATA = {
    POINT: ROW_DATA + 4,
    TURN: 3 * ROW_DATA + 9,
    SUM: ROW_DATA + 1,
    STRETCH: 3,
    WHOLE: ROW_DATA + 4,
    CROSS: ROW_DATA + 1,
    TISSUE: 3,
}
# per row, of the chain: local point and whether it is one; the factors
FIXED = {POINT: 4, TURN: 0, SUM: BRANCH, STRETCH: BRANCH, WHOLE: 0, CROSS: JOINTS, TISSUE: JOINTS}
# columns of the table of slots
KIND, DEPTH, ROW, IN_FRAME, IN_CHAIN, BORDER = range(6)
