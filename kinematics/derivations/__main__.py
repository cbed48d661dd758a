"""Print the derivations as a Markdown page with LaTeX: ``python -m kinematics.derivations > docs/derivations.md``."""

import sympy as sp

from kinematics.derivations import rotations, tree


def page() -> str:
    """The page, as text."""

    def shown(name: str, expression: object) -> str:
        return f"```{{math}}\n{name} = {sp.latex(expression)}\n```\n"

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
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


if __name__ == "__main__":
    print(page(), end="")
