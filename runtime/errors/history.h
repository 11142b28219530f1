// SPDX-License-Identifier: Apache-2.0
//
// The last failed commands of this user, whatever --root was: a caller's own directory stays as the
// caller knows it, and `tare why` needs not be told it. One JSON object a line, the newest last. A
// file of 64 KiB is renamed to FILE.old, and the next failure starts a new one, so that they stay
// small however often commands fail.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "oci/last_failure.h"

namespace tare::runtime {

// Adds it. Does nothing if the file cannot be written: the command has failed already, and its own
// error is the one to report.
void remember_failure(const std::string& file, const oci::Failure& failure);

// The newest first. Lines that cannot be read are left out.
std::vector<oci::Failure> remembered_failures(const std::string& file);

}  // namespace tare::runtime
