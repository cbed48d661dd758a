"""What movements can be asked for, apart from what carries them out: help and the catalogue are quick to load."""

#: Speeds of walking that norm curves are published for, slowest first.
SPEEDS = ("very_slow", "slow", "free", "fast", "very_fast")
#: Turning round the inside foot, or off the outside foot.
STYLES = ("spin", "step")
#: Which way the hip turns in a prone rotation.
TURNS = ("internal", "external")
#: Which way the trunk leans in a bend.
DIRECTIONS = ("forward", "backward")
#: How far somebody pivots who is not told. [deg] (assumption)
PIVOT_DEG = 45.0
