"""Print the derivations as a Markdown page with LaTeX: ``python -m kinematics.derivations > docs/derivations.md``."""

import sympy as sp

from kinematics.derivations import composite, rotations, tree


def shown(name: str, expression: object) -> str:
    """An equation."""
    return f"```{{math}}\n{name} = {sp.latex(expression)}\n```\n"


def page() -> str:
    """The page, as text."""

    def tangents(table: dict[sp.Symbol, tuple[sp.Expr, sp.Expr]]) -> str:
        return "\n".join(
            shown(sp.latex(angle), sp.Function("atan2")(*(sp.simplify(part) for part in pair)))
            for angle, pair in table.items()
        )

    parts = [
        "# Derivations",
        "Written by `python -m kinematics.derivations`; tests hold the kernels to these expressions.",
        "## Rotations",
        "Rodrigues' rotation by an angle about a unit vector:",
        shown("R(u, \\theta)", rotations.R_about),
        "Hip and spine turn Z-X-Y:",
        shown("R_{zxy}", rotations.R_zxy),
        "and the angles are read back by",
        tangents(rotations.ZXY_FROM_MATRIX),
        "The pelvis turns Y-X-Z, heading first:",
        shown("R_{yxz}", rotations.R_yxz),
        tangents(rotations.YXZ_FROM_MATRIX),
        "The rotation vector of $\\exp(w) R$ grows by $(I - \\tfrac12 K + k K^2) w$, with $K$ the cross matrix of the "
        "rotation vector, $\\theta$ its length and",
        shown("k", rotations.k_inverse_left),
        "which is also",
        shown("k", rotations.k_half_angle),
        "Near 0 that has lost its digits; its series is",
        shown("k", sp.simplify(rotations.k_series)),
        "## The tree",
        "Two joints in a row, $i$ before $j$, at offsets $l$ and $m$, about the axes",
        shown("u_i", tree.axis_i) + "\n" + shown("u_j", tree.axis_j),
        "carry a point at $n$ in the last frame to",
        shown("p", sp.simplify(tree.p)),
        "With $a$ the axes and $o$ the joints in the world, its derivatives are",
        "```{math}\n\\frac{\\partial p}{\\partial q_i} = a_i \\times (p - o_i), \\qquad"
        "\n\\frac{\\partial^2 p}{\\partial q_i \\partial q_j} = a_i \\times (a_j \\times (p - o_j)) "
        "\\quad (i \\text{ before or equal to } j)\n```\n",
        "and a segment that has reached its target orientation $T$ turns from it by a rotation vector whose second "
        "derivative is",
        "```{math}\n\\frac{\\partial^2}{\\partial q_i \\partial q_j} \\log(T^\\top R) = "
        "\\tfrac12 T^\\top (a_i \\times a_j)\n```\n",
        "Away from its target, with $v = \\log(T^\\top R)$, $b_i = T^\\top a_i$ and $J^{-1}(v) b = b - \\tfrac12 v "
        "\\times b + k\\, v \\times (v \\times b)$, its derivative is $v_i = J^{-1}(v) b_i$ and its second derivative",
        "```{math}\n\\frac{\\partial^2 v}{\\partial q_i \\partial q_j} = J^{-1}(v) (b_j \\times b_i)"
        " - \\tfrac12 v_j \\times b_i"
        " + k \\bigl(v_j \\times (v \\times b_i) + v \\times (v_j \\times b_i)\\bigr)"
        "\n + 2 \\frac{dk}{d\\theta^2} (v \\cdot v_j)\\, v \\times (v \\times b_i)"
        " \\quad (j \\text{ before or equal to } i)\n```\n",
        shown("2 \\frac{dk}{d\\theta^2}", sp.simplify(2 * rotations.k_slope)),
        "Kernels are held to it by difference quotients.",
        "`kinematics.derivations.tree.differences()` holds left minus right side of each of these; all are zero.",
    ]
    return "\n\n".join(part.rstrip("\n") for part in [*parts, *_composite()]) + "\n"


def _composite() -> list[str]:
    """What `composite` derives."""
    worst = composite.arc_next.subs(composite.z, composite.arc_largest)
    return [
        "## The composite",
        "A joint that turns about $a$ at $o$ is a screw (one that slides is $(a, 0)$); a row about a point $p$ along "
        "$n$, or a direction $d$, is a wrench on it:",
        "```{math}\nS = (o \\times a,\\; a), \\qquad W = (n,\\; p \\times n) \\;\\text{ or }\\; "
        "(0,\\; d \\times n), \\qquad\n\\frac{\\partial c}{\\partial q} = W \\cdot S\n```\n",
        "An orientation's rows are the wrenches $(0, E)$ with $E = J^{-1}(v)\\, T^\\top$. So all that is pulled at "
        "beyond a joint comes down to one stiffness $G = \\sum \\kappa\\, W W^\\top$ of springs $\\kappa$, one force "
        "$f$ and one curvature",
        "```{math}\nN = p f^\\top - (f \\cdot p)\\, I \\;\\text{ of a point,} \\qquad"
        "\nN = d f^\\top - (f \\cdot d)\\, I \\;\\text{ of a direction,} \\qquad"
        "\nN = E^\\top D\\, T^\\top - [E^\\top \\lambda]_\\times \\;\\text{ of an orientation}\n```\n",
        "($f$ itself is summed over points only), and the exact Hessian has the entries",
        "```{math}\nH_{ij} = S_i \\cdot \\Bigl(G_j S_j + \\bigl(0,\\; N_j a_j - o_j (f_j \\cdot a_j) "
        "+ (f_j \\cdot o_j)\\, a_j\\bigr)\\Bigr) \\quad (i \\text{ before or equal to } j)\n```\n",
        "with $G_j$, $N_j$ and $f_j$ summed over what joint $j$ moves. The pull $\\lambda$ at an orientation $v$ away "
        "from its target bends by $D_{mn} = \\lambda \\cdot (\\partial J^{-1}(v) / \\partial v_m)\\, e_n$:",
        "```{math}\nD = k\\, (\\lambda \\cdot v)\\, I + v u^\\top + k\\, \\lambda v^\\top "
        "+ \\tfrac12 [\\lambda]_\\times, \\qquad\nu = -2 \\Bigl(\\frac{dk}{d\\theta^2} (v \\times \\lambda) \\times v "
        "+ k\\, \\lambda\\Bigr)\n```\n",
        "The whole body's mass centre is a row $(m n, M \\times n)$, with $m$ the mass and $M$ the first moment of "
        "what lies beyond a joint; what pulls at it pulls at each mass with that mass's share.",
        "A rotation vector takes the sine $s$ and cosine $w$ of half its angle. Halved three times more,",
        "```{math}\n\\theta = 16 \\arcsin x, \\qquad x = \\frac{s}{8\\, w_1 w_2 w_3}, \\qquad"
        "\nw_1 = \\sqrt{\\tfrac12 + \\tfrac12 w}, \\; w_2 = \\sqrt{\\tfrac12 + \\tfrac12 w_1}, \\; \\ldots\n```\n",
        "the series in $z = x^2$ is short:",
        shown("\\frac{\\arcsin x}{x}", composite.arc_series),
        f"Up to 140 deg, where lanes give up, $z$ goes to {float(composite.arc_largest):.4f} and the next term to "
        f"{float(worst):.1e}. With $s$ and $w$",
        shown("k", composite.k_half) + "\n" + shown("\\frac{dk}{d\\theta^2}", composite.slope_half),
        "Sine and cosine, once quarter turns are taken off:",
        shown("\\sin x", composite.sine_series) + "\n" + shown("\\cos x", composite.cosine_series),
        f"whose next terms are {float(composite.sine_next):.1e} and {float(composite.cosine_next):.1e} at an eighth "
        "of a turn.",
        "`kinematics.derivations.composite.differences()` holds left minus right side of each identity; all are zero.",
    ]


if __name__ == "__main__":
    print(page(), end="")
