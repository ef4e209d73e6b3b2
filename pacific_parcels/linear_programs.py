"""Linear programs, solved by HiGHS."""

from __future__ import annotations

import highspy
import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_array

Floats = npt.NDArray[np.float64]

# HiGHS takes a smaller coefficient for nought, and one under 1e-9 if not told otherwise: a cent beside
# millions is then dropped from the sum of its quarter and not of its month, and seems to follow from the two.
SMALLEST = 1e-12


def least(
    cost: Floats,
    rows: csc_array,
    row_lowest: Floats,
    row_highest: Floats,
    lowest: Floats,
    highest: Floats,
) -> Floats | None:
    """The point of least cost at which every row and every column lies within its bounds; None for none.

    HiGHS is called by itself: of the time that it takes through `scipy.optimize`, as many small programs as
    there are here spend half on what scipy works out besides.
    """
    program = highspy.HighsLp()
    program.num_row_, program.num_col_ = rows.shape
    program.a_matrix_.num_row_, program.a_matrix_.num_col_ = rows.shape
    program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    program.a_matrix_.start_ = rows.indptr
    program.a_matrix_.index_ = rows.indices
    program.a_matrix_.value_ = rows.data
    program.col_cost_, program.col_lower_, program.col_upper_ = cost, lowest, highest
    program.row_lower_, program.row_upper_ = row_lowest, row_highest
    solver = highspy._core._Highs()  # the class that modellers use prints a line, and takes longer to make
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("small_matrix_value", SMALLEST)
    solver.passModel(program)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    return np.asarray(solver.getSolution().col_value, dtype=np.float64)
