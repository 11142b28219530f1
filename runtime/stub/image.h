// SPDX-License-Identifier: Apache-2.0
//
// The stub's image: its code and the program for it, as one executable file in memory.
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

// An empty, executable memory file that nobody may read. Made by the host: as its owner is not
// mapped into a user namespace of the container's, the kernel lets no one in there look into a
// process that executes it (execve(2), "would_dump"). An ordinary user's must be `readable`: the
// same rule would keep the user from seeing that a container is still the stub.
Call<UniqueFd> make_image(bool readable);

// Init is the stub until it executes the container's program. False of a process that may not be
// looked at, or has ended.
bool is_stub(pid_t pid);

class StubProgram {
 public:
  // A place in the program's data; becomes an address when the image is made.
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
  Data text(std::string_view text);                        // with its NUL
  Data pointers(const std::vector<std::string>& strings);  // char* array, without an end mark
  // struct sock_fprog over `instructions`.
  Data filter(const std::vector<std::uint64_t>& instructions);

  void trace() { traced_ = true; }

  // Writes the whole into a memory file of make_image(), and seals it.
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
