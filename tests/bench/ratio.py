# SPDX-License-Identifier: Apache-2.0
"""Ratios of measurements that were taken in turns."""

import random
import statistics


def shown(ratios):
    """The median, with the interval in which 95 of 100 resampled medians lie."""
    chance = random.Random(1)
    medians = sorted(statistics.median(chance.choices(ratios, k=len(ratios))) for _ in range(1000))
    return f"{statistics.median(ratios):5.2f} [{medians[25]:.2f} {medians[975]:.2f}]"
