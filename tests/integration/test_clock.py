# SPDX-License-Identifier: Apache-2.0
"""The clock of the machine that the tests run on: limits of tests are as long as they say."""

import time
from pathlib import Path

import pytest

RTC = Path("/sys/class/rtc/rtc0/since_epoch")


@pytest.mark.systemd  # in the guest, whose kernel once took its processor for a slower one: tests/guest/run
@pytest.mark.skipif(not RTC.exists(), reason="has no clock beside that of the processor")
def test_time_is_as_fast_as_that_of_the_hardware_clock():
    first, begin = int(RTC.read_text()), time.monotonic()
    while int(RTC.read_text()) < first + 4:
        time.sleep(0.05)
    assert 2.5 < time.monotonic() - begin < 6
