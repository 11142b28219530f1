// SPDX-License-Identifier: Apache-2.0
//
// The stub's image: its code and its program, as one executable file in memory.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/stub/program.h"

namespace tare::runtime {

// An empty, executable memory file that nobody may read. The host creates it: its owner is not
// mapped in a user namespace of the container, so the kernel lets no process there inspect a
// process that executes it (execve(2), "would_dump"). An unprivileged user's must be `readable`,
// because the same rule would hide from the user whether a container is still the stub.
Call<UniqueFd> make_image(bool readable);

// Init is the stub until it executes the container's program. False for a process that tare may not
// inspect, or that has exited.
bool is_stub(pid_t pid);

class StubProgram {
 public:
  // An offset in the program's data; becomes an address when the image is written.
  struct Data {
    std::size_t offset;
  };
  // An argument of an instruction: a number or the address of data.
  struct Argument {
    Argument(std::uint64_t number) : value(number) {}           // NOLINT: implicit by design
    Argument(Data data) : value(data.offset), is_data(true) {}  // NOLINT: implicit by design
    std::uint64_t value;
    bool is_data = false;
  };

  void add(int step, stub::Operation operation, std::initializer_list<Argument> arguments = {});
  void system_call(int step, long number, std::initializer_list<Argument> arguments);

  Data bytes(const void* begin, std::size_t size);
  Data text(std::string_view text);  // with its NUL
  // char* array, without a null pointer at the end
  Data pointers(const std::vector<std::string>& strings);
  // struct sock_fprog over `instructions`.
  Data filter(const std::vector<std::uint64_t>& instructions);

  void trace() { traced_ = true; }

  // Writes the image into a memory file of make_image(), and seals it.
  [[nodiscard]] Call<void> write(int image, int report_fd) const;

 private:
  struct Fixup {
    std::size_t position;  // in data_
    std::size_t target;    // offset in data_
  };
  void put_pointer(std::size_t position, Data target) {
    fixups_.push_back({position, target.offset});
  }
  std::size_t reserve(std::size_t size);
  [[nodiscard]] std::string program(int report_fd) const;

  struct Pending {
    stub::Instruction instruction;
    std::uint8_t data_mask = 0;  // which arguments are data
  };
  std::vector<Pending> instructions_;
  std::string data_;
  std::vector<Fixup> fixups_;
  bool traced_ = false;
};

}  // namespace tare::runtime
