// SPDX-License-Identifier: Apache-2.0
//
// One spelling for what callers write in several ways. Decoding (oci/document.h) puts every
// document into it, so that no rule, planner or table has to know the others.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "oci/config.h"

namespace tare::oci {

// Destinations of mounts are absolute and clean, and so are masked and read-only paths and paths of
// devices unless they are relative, which is refused.
void bring_into_normal_form(Config& config);
void bring_into_normal_form(std::vector<Mount>& mounts);
// A number of a device rule that means all is absent.
void bring_into_normal_form(Resources& resources);

// "/a/b" for "/a/./c/..//b/"; ".." stops at the root, as it does in a container. By the text alone:
// what a path of config.json means is not for links of the image to say.
std::string lexically_clean(std::string_view path);

}  // namespace tare::oci
