// SPDX-License-Identifier: Apache-2.0
//
// The versions of the runtime specification that tare accepts in a document.
#pragma once

namespace tare::oci {

inline constexpr char oldest_spec_version[] = "1.0.0";
inline constexpr char newest_spec_version[] = "1.3.0";

}  // namespace tare::oci
