// SPDX-License-Identifier: Apache-2.0
#include "runtime/stub/image.h"

#include <elf.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/file.h"
#include "base/system.h"

// runtime/stub/stub.elf, embedded by the build.
extern "C" const char tare_stub_begin[];
extern "C" const char tare_stub_end[];

namespace tare::runtime {

namespace {
constexpr std::size_t word = sizeof(std::uint64_t);
constexpr const char* image_name = "tare-init";
}  // namespace

void StubProgram::add(int step, stub::Operation operation,
                      std::initializer_list<Argument> arguments) {
  Pending pending;
  pending.instruction.operation = operation;
  pending.instruction.step = step;
  std::size_t i = 0;
  for (const Argument& argument : arguments) {
    pending.instruction.a[i] = argument.value;
    if (argument.is_data) pending.data_mask |= static_cast<std::uint8_t>(1U << i);
    ++i;
  }
  instructions_.push_back(pending);
}

void StubProgram::system_call(int step, long number, std::initializer_list<Argument> arguments) {
  std::vector<Argument> all{static_cast<std::uint64_t>(number)};
  all.insert(all.end(), arguments.begin(), arguments.end());
  all.resize(6, Argument(0));
  add(step, stub::Operation::call, {all[0], all[1], all[2], all[3], all[4], all[5]});
}

std::size_t StubProgram::reserve(std::size_t size) {
  data_.resize((data_.size() + word - 1) / word * word);
  const std::size_t offset = data_.size();
  data_.resize(offset + size);
  return offset;
}

StubProgram::Data StubProgram::bytes(const void* begin, std::size_t size) {
  const std::size_t offset = reserve(size);
  // An empty list may have a null pointer, which memcpy(3) does not accept even for size 0.
  if (size != 0) std::memcpy(data_.data() + offset, begin, size);
  return Data{offset};
}

StubProgram::Data StubProgram::text(std::string_view text) {
  const std::size_t offset = reserve(text.size() + 1);
  std::memcpy(data_.data() + offset, text.data(), text.size());
  return Data{offset};
}

StubProgram::Data StubProgram::pointers(const std::vector<std::string>& strings) {
  const std::size_t offset = reserve(strings.size() * word);
  for (std::size_t i = 0; i < strings.size(); ++i) put_pointer(offset + i * word, text(strings[i]));
  return Data{offset};
}

StubProgram::Data StubProgram::filter(const std::vector<std::uint64_t>& instructions) {
  const Data code = bytes(instructions.data(), instructions.size() * sizeof(sock_filter));
  sock_fprog program{};
  program.len = static_cast<unsigned short>(instructions.size());
  const Data header = bytes(&program, sizeof program);
  put_pointer(header.offset + offsetof(sock_fprog, filter), code);
  return header;
}

std::string StubProgram::program(int report_fd) const {
  const stub::Header header{instructions_.size(), report_fd, traced_ ? 1U : 0U};
  const std::size_t code_size = sizeof header + instructions_.size() * sizeof(stub::Instruction);
  const std::uint64_t data_address = stub::program_address + code_size;

  std::string program(reinterpret_cast<const char*>(&header), sizeof header);
  for (const Pending& pending : instructions_) {
    stub::Instruction instruction = pending.instruction;
    for (std::size_t i = 0; i < std::size(instruction.a); ++i) {
      if ((pending.data_mask >> i & 1) != 0) instruction.a[i] += data_address;
    }
    program.append(reinterpret_cast<const char*>(&instruction), sizeof instruction);
  }
  program += data_;
  for (const Fixup& fixup : fixups_) {
    const std::uint64_t address = data_address + fixup.target;
    std::memcpy(program.data() + code_size + fixup.position, &address, sizeof address);
  }
  return program;
}

Call<UniqueFd> make_image(bool readable) {
  UniqueFd image = TRY(sys::executable_memory(image_name));
  if (::fchmod(image.get(), readable ? 0555 : 0111) != 0) return Fault::last("fchmod");
  return image;
}

namespace {

// What readlink(2) of /proc/PID/exe says of a process that is not the stub: it has ended, or is a
// program that the caller may not inspect.
bool is_answer(int error) {
  return error == ENOENT || error == ESRCH || error == EACCES || error == EPERM;
}

}  // namespace

bool is_stub(pid_t pid) {
  std::array<char, 64> target{};
  const std::string path = "/proc/" + std::to_string(pid) + "/exe";
  const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  if (length < 0) return !is_answer(errno);
  return std::string_view(target.data(), static_cast<std::size_t>(length))
      .starts_with(std::string("/memfd:") + image_name);
}

Call<void> StubProgram::write(int image, int report_fd) const {
  const std::string program = this->program(report_fd);
  std::string file(tare_stub_begin, static_cast<std::size_t>(tare_stub_end - tare_stub_begin));

  // The second program header is the program's segment (stub.ld).
  Elf64_Ehdr elf;
  std::memcpy(&elf, file.data(), sizeof elf);
  Elf64_Phdr segment;
  char* const at = file.data() + elf.e_phoff + sizeof segment;
  std::memcpy(&segment, at, sizeof segment);
  segment.p_filesz = segment.p_memsz = program.size();
  std::memcpy(at, &segment, sizeof segment);
  file.resize(segment.p_offset);  // drops section headers and everything else after the code
  file += program;

  TRY(write_all(image, file));
  const int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  if (::fcntl(image, F_ADD_SEALS, seals) != 0) return Fault::last("fcntl(F_ADD_SEALS)");
  return {};
}

}  // namespace tare::runtime
