// SPDX-License-Identifier: Apache-2.0
//
// glibc's start of a static program reads the link /proc/self/exe, to know what $ORIGIN is should
// dlopen(3) be called, which nothing of tare does. For that the kernel makes a directory and a link
// of procfs, and removes them when the process ends: 50 of the 700 microseconds that the start of a
// program takes. This function takes the place of glibc's (elf/dl-origin.c).

namespace {

// What glibc's says where no procfs is mounted.
// NOLINTNEXTLINE(performance-no-int-to-ptr): that is its value
const char* const unknown = reinterpret_cast<const char*>(-1);

}  // namespace

extern "C" const char* origin_of_program() asm("_dl_get_origin");
extern "C" const char* origin_of_program() {
  return unknown;
}
