"""Exact mean kernels and distances, where data is public: what private answers are near."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from sklearn_kernelx._parallel import row_blocks
from sklearn_kernelx.privacy._kernels import KERNELS
