// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"

#include <stdlib.h>
#include <unistd.h>

#include <new>

namespace tare {

namespace {

bool is_child = false;

[[noreturn]] void end_now() {
  constexpr char words[] = "tare: allocate memory: ENOMEM: cannot allocate memory\n";
  if (!is_child) (void)!::write(STDERR_FILENO, words, sizeof words - 1);
  ::_exit(EXIT_FAILURE);
}

void* checked(void* memory, std::size_t size) {
  if (memory == nullptr && size > 0) end_now();
  return memory;
}

}  // namespace

void end_without_memory() {
  std::set_new_handler(end_now);
}

void end_silently_without_memory() {
  is_child = true;
}

void* allocate(std::size_t size) {
  return checked(::malloc(size), size);
}

void* reallocate(void* memory, std::size_t size) {
  return checked(::realloc(memory, size), size);
}

}  // namespace tare
