# SPDX-License-Identifier: Apache-2.0
"""What the integration tests stand on: bundles, the runtime under test, the kernel's own account, leaks."""
