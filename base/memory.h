// SPDX-License-Identifier: Apache-2.0
//
// What happens when an allocation fails. Nothing of ours throws or catches, so tare ends at once,
// as if it was killed: `delete --force` removes what it leaves.
#pragma once

#include <cstddef>

namespace tare {

// From now on an allocation by operator new that fails ends this process, with one line on standard
// error.
void end_without_memory();
// In a child, whose parent says what happened.
void end_silently_without_memory();

// malloc(3) and realloc(3) for libraries that do not check the result.
void* allocate(std::size_t size);
void* reallocate(void* memory, std::size_t size);

}  // namespace tare
