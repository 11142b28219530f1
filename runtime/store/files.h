// SPDX-License-Identifier: Apache-2.0
//
// The files of a container's directory, and how tare opens it.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tare::runtime {

inline constexpr std::size_t longest_id = 255;  // NAME_MAX
inline constexpr const char* intent_file = "intent.json";
inline constexpr const char* state_file = "state.json";
inline constexpr const char* exit_file = "exit.json";
inline constexpr const char* start_fifo = "start";
inline constexpr const char* started_fifo = "started";
inline constexpr const char* init_link = "init";

// Opens a directory of the store; refuses a link or a mount in its place.
Call<UniqueFd> open_entry(int root, const std::string& id);

}  // namespace tare::runtime
