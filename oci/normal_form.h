// SPDX-License-Identifier: Apache-2.0
//
// One spelling for what callers write in several ways. Decoding (oci/document.h) puts every
// document into it, so that no rule, planner or table has to know the others.
#pragma once

#include "oci/config.h"

namespace tare::oci {

void bring_into_normal_form(Config& config);
void bring_into_normal_form(Resources& resources);

}  // namespace tare::oci
