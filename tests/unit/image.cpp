// SPDX-License-Identifier: Apache-2.0
//
// The stub's image is made and executed: what its instructions do is seen from outside.
#include "runtime/stub/image.h"

#include <doctest/doctest.h>
#include <elf.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>

#include "runtime/stub/messages.h"
#include "tests/unit/emulation.h"
#include "tests/unit/scratch.h"

namespace tare::runtime {

namespace {

using stub::Operation;

constexpr int channel_fd = 100;

std::uint64_t fd(int number) {
  return static_cast<std::uint64_t>(number);
}

UniqueFd image_of(const StubProgram& program) {
  Call<UniqueFd> image = make_image(false);
  REQUIRE(image.ok());
  REQUIRE(program.write(image->get(), channel_fd).ok());
  return std::move(image).value();
}

struct Ran {
  std::vector<stub::Report> reports;
  int status = 0;
};

// The stub as a child with the channel at channel_fd; `arguments` and `environment` are its own.
Ran run(const StubProgram& program, std::vector<const char*> arguments = {"stub"},
        std::vector<const char*> environment = {}) {
  const UniqueFd image = image_of(program);
  arguments.push_back(nullptr);
  environment.push_back(nullptr);
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
  const UniqueFd host(ends[0]);
  UniqueFd child(ends[1]);
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    ::dup3(child.get(), channel_fd, 0);
    ::fcntl(image.get(), F_SETFD, 0);  // QEMU's user emulation reads the file after execveat(2)
    ::syscall(SYS_execveat, image.get(), "", arguments.data(), environment.data(), AT_EMPTY_PATH);
    ::_exit(111);
  }
  child.reset();
  Ran ran;
  for (;;) {
    const auto report = receive_report(host.get());
    if (!report.ok() || !report->has_value()) break;
    ran.reports.push_back(**report);
  }
  REQUIRE(::waitpid(pid, &ran.status, 0) == pid);
  return ran;
}

int exit_status(const Ran& ran) {
  REQUIRE(WIFEXITED(ran.status));
  return WEXITSTATUS(ran.status);
}

std::string bytes_of(int image) {
  std::string bytes(std::size_t{1} << 20, '\0');
  const ssize_t size = ::pread(image, bytes.data(), bytes.size(), 0);
  REQUIRE(size > 0);
  bytes.resize(static_cast<std::size_t>(size));
  return bytes;
}

template <class Type>
Type read_as(const std::string& bytes, std::size_t offset) {
  REQUIRE(offset + sizeof(Type) <= bytes.size());
  Type value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

}  // namespace

TEST_CASE("the image is a static executable whose second segment is the program") {
  StubProgram program;
  const auto text = program.text("hello");
  program.add(5, Operation::fail, {7, text});
  const UniqueFd image = image_of(program);
  const std::string bytes = bytes_of(image.get());
  const auto elf = read_as<Elf64_Ehdr>(bytes, 0);
  CHECK(std::memcmp(elf.e_ident, ELFMAG, SELFMAG) == 0);
  CHECK(elf.e_type == ET_EXEC);
  const auto code = read_as<Elf64_Phdr>(bytes, elf.e_phoff);
  CHECK(code.p_type == PT_LOAD);
  CHECK(code.p_flags == (PF_R | PF_X));
  const auto segment = read_as<Elf64_Phdr>(bytes, elf.e_phoff + sizeof(Elf64_Phdr));
  CHECK(segment.p_type == PT_LOAD);
  CHECK(segment.p_flags == PF_R);
  CHECK(segment.p_vaddr == stub::program_address);
  constexpr std::size_t largest_page = 65536;  // of arm64
  CHECK(segment.p_offset < largest_page);      // no gap between code and program
  CHECK(segment.p_offset + segment.p_filesz == bytes.size());
  for (std::size_t i = 0; i < elf.e_phnum; ++i) {
    const auto header = read_as<Elf64_Phdr>(bytes, elf.e_phoff + i * sizeof(Elf64_Phdr));
    CHECK(header.p_type != PT_INTERP);
    const bool writable_code = (header.p_flags & PF_W) != 0 && (header.p_flags & PF_X) != 0;
    CHECK_FALSE(writable_code);
  }

  const auto header = read_as<stub::Header>(bytes, segment.p_offset);
  CHECK(header.count == 1);
  CHECK(header.report_fd == channel_fd);
  const auto instruction =
      read_as<stub::Instruction>(bytes, segment.p_offset + sizeof(stub::Header));
  CHECK(instruction.operation == Operation::fail);
  CHECK(instruction.step == 5);
  CHECK(instruction.a[0] == 7);
  const std::size_t data = segment.p_offset + instruction.a[1] - stub::program_address;
  CHECK(std::string(bytes.c_str() + data) == "hello");
}

TEST_CASE("pointers in the data are addresses of the mapped program") {
  StubProgram program;
  const auto list = program.pointers({"one", "two"});
  program.add(0, Operation::report, {list});
  const std::string bytes = bytes_of(image_of(program).get());
  const auto elf = read_as<Elf64_Ehdr>(bytes, 0);
  const auto segment = read_as<Elf64_Phdr>(bytes, elf.e_phoff + sizeof(Elf64_Phdr));
  const auto file_offset = [&](std::uint64_t address) {
    return segment.p_offset + address - stub::program_address;
  };
  const auto instruction =
      read_as<stub::Instruction>(bytes, segment.p_offset + sizeof(stub::Header));
  const std::size_t at = file_offset(instruction.a[0]);
  CHECK(at % 8 == 0);
  CHECK(std::string(bytes.c_str() + file_offset(read_as<std::uint64_t>(bytes, at))) == "one");
  CHECK(std::string(bytes.c_str() + file_offset(read_as<std::uint64_t>(bytes, at + 8))) == "two");
}

TEST_CASE("nobody can change the image or, but for root, read it") {
  StubProgram program;
  const UniqueFd image = image_of(program);
  CHECK(::write(image.get(), "x", 1) == -1);
  CHECK(::ftruncate(image.get(), 0) == -1);
  CHECK(::fcntl(image.get(), F_ADD_SEALS, F_SEAL_WRITE) == -1);
  struct stat status {};
  REQUIRE(::fstat(image.get(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0111);
}

TEST_CASE("a program without instructions ends well, and says nothing") {
  const Ran ran = run(StubProgram());
  CHECK(exit_status(ran) == 0);
  CHECK(ran.reports.empty());
}

TEST_CASE("instructions run in order, a step is reported done") {
  StubProgram program;
  program.add(3, Operation::report);
  program.add(4, Operation::report);
  program.system_call(5, SYS_exit_group, {42});
  program.add(6, Operation::report);
  const Ran ran = run(program);
  CHECK(exit_status(ran) == 42);
  REQUIRE(ran.reports.size() == 2);
  CHECK(ran.reports[0].step == 3);
  CHECK(ran.reports[0].error == 0);
  CHECK(ran.reports[1].step == 4);
}

TEST_CASE("a failed call is reported with its step and errno, and is the end") {
  StubProgram program;
  program.system_call(9, SYS_chdir, {program.text("/tare/does/not/exist")});
  program.add(10, Operation::report);
  const Ran ran = run(program);
  CHECK(exit_status(ran) == 1);
  REQUIRE(ran.reports.size() == 1);
  CHECK(ran.reports[0].step == 9);
  CHECK(ran.reports[0].error == ENOENT);
}

TEST_CASE("the result of a call can be told") {
  StubProgram program;
  program.add(1, Operation::call_told, {SYS_umask, 0123});
  program.add(2, Operation::call_told, {SYS_umask, 0});
  program.add(3, Operation::call_told, {SYS_close, 9999});
  program.add(4, Operation::report);
  const Ran ran = run(program);
  REQUIRE(ran.reports.size() == 3);
  CHECK(ran.reports[1].step == 2);
  CHECK(ran.reports[1].value == 0123);
  CHECK(ran.reports[2].error == EBADF);
}

TEST_CASE("a planned failure is one") {
  StubProgram program;
  program.add(2, Operation::fail, {EIO});
  const Ran ran = run(program);
  REQUIRE(ran.reports.size() == 1);
  CHECK(ran.reports[0].step == 2);
  CHECK(ran.reports[0].error == EIO);
}

TEST_CASE("reports go where the program says") {
  StubProgram program;
  program.system_call(1, SYS_dup3, {fd(channel_fd), fd(channel_fd + 1), 0});
  program.add(1, Operation::report_to, {fd(channel_fd + 1)});
  program.system_call(1, SYS_close, {fd(channel_fd)});
  program.add(7, Operation::report);
  const Ran ran = run(program);
  CHECK(exit_status(ran) == 0);
  REQUIRE(ran.reports.size() == 1);
  CHECK(ran.reports[0].step == 7);
}

TEST_CASE("the program that is found is executed with what follows the stub's own arguments") {
  StubProgram program;
  program.add(2, Operation::find_program,
              {3, program.pointers({"/tare/no/sh", "/etc", "/bin/sh"})});
  const char* const script = "[ $A = b ] && [ $0 = zero ] && [ $# = 0 ] && exit 17";
  program.add(3, Operation::execute, {4});
  const Ran ran = run(program, {"tare:init", "web"}, {"sh", "-c", script, "zero", "A=b"});
  CHECK(exit_status(ran) == 17);
  CHECK(ran.reports.empty());
}

TEST_CASE("of candidates that do not do, the refused one is told before the missing one") {
  const Scratch scratch;
  scratch.file("plain");
  const auto error = [](const std::vector<std::string>& candidates) {
    StubProgram program;
    program.add(4, Operation::find_program, {candidates.size(), program.pointers(candidates)});
    const Ran ran = run(program);
    REQUIRE(ran.reports.size() == 1);
    return ran.reports[0].error;
  };
  CHECK(error({"/tare/none"}) == ENOENT);
  CHECK(error({"/tare/none", "/tare/none/2"}) == ENOENT);
  CHECK(error({scratch.path()}) == EISDIR);
  CHECK(error({scratch.path("plain"), "/tare/none"}) == EACCES);
  CHECK(error({"/tare/none", scratch.path("plain"), scratch.path("plain/x")}) == EACCES);
  CHECK(error({scratch.path("plain/x")}) == ENOTDIR);
  CHECK(error({}) == ENOENT);
}

TEST_CASE("a directory is entered, and one that was refused is tried again") {
  StubProgram program;
  program.add(1, Operation::enter_directory, {program.text("/")});
  program.add(2, Operation::retry_directory, {program.text("/tare/none")});  // was not refused
  program.add(3, Operation::verify_directory);
  program.add(4, Operation::enter_directory, {program.text("/tare/none")});
  const Ran ran = run(program);
  REQUIRE(ran.reports.size() == 1);
  CHECK(ran.reports[0].step == 4);
  CHECK(ran.reports[0].error == ENOENT);
}

// What becomes of an attribute that is written as `text` and must then begin with `read_back`.
int set_attribute_error(const Scratch& attributes, const char* file, const std::string& text,
                        const std::string& read_back) {
  const int directory = ::fcntl(attributes.fd(), F_DUPFD, 101);  // not closed by execve(2)
  StubProgram program;
  program.add(1, Operation::set_attribute,
              {fd(directory), program.text(file), program.text(text), text.size(),
               program.text(read_back), read_back.size()});
  const Ran ran = run(program);
  ::close(directory);
  return ran.reports.empty() ? 0 : ran.reports.front().error;
}

TEST_CASE("an attribute is written at once and read back") {
  const Scratch attributes;
  attributes.directory("apparmor");
  attributes.file("apparmor/exec");
  attributes.file("exec");
  CHECK(set_attribute_error(attributes, "apparmor/exec", "exec p", "exec") == 0);
  CHECK(attributes.content("apparmor/exec") == "exec p");
  CHECK(set_attribute_error(attributes, "exec", "u:r:t:s0", "") == 0);
  CHECK(set_attribute_error(attributes, "exec", "u:r:t:s0", "u:r:t:s0") == 0);
  CHECK(set_attribute_error(attributes, "exec", "u:r:t:s0", "u:r:other") == EBADMSG);
  CHECK(set_attribute_error(attributes, "exec", "u:r:t:s0", "u:r:t") == EBADMSG);
  CHECK(set_attribute_error(attributes, "exec", "u:r:t:s0", "u:r:t:s0 and more") == EBADMSG);
  CHECK(set_attribute_error(attributes, "missing", "x", "") == ENOENT);
}

TEST_CASE("an attribute is not written out of its directory") {
  const Scratch attributes;
  attributes.directory("attr");
  attributes.file("elsewhere");
  attributes.link("exec", attributes.path("elsewhere"));
  CHECK(set_attribute_error(attributes, "exec", "x", "") == EXDEV);
  CHECK(set_attribute_error(attributes, "/elsewhere", "x", "") == EXDEV);
  CHECK(set_attribute_error(attributes, "../elsewhere", "x", "") == EXDEV);
  CHECK(attributes.content("elsewhere").empty());
}

TEST_CASE("a wait ends with a byte, and with the other side the stub ends too") {
  for (const bool let_go : {true, false}) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    UniqueFd write_end(ends[1]);
    const UniqueFd closed_on_exec(ends[0]);
    const UniqueFd read_end(::dup(ends[0]));  // the stub's
    StubProgram program;
    program.add(1, Operation::report);
    program.add(2, Operation::await, {fd(read_end.get())});
    program.add(3, Operation::report);
    if (let_go) REQUIRE(::write(write_end.get(), "x", 1) == 1);
    write_end.reset();
    const Ran ran = run(program);
    CHECK(exit_status(ran) == (let_go ? 0 : 1));
    CHECK(ran.reports.size() == (let_go ? 2 : 1));
  }
}

TEST_CASE("a fork goes on in the child, the parent tells its pid and ends" *
          doctest::skip(in_user_emulation())) {
  StubProgram program;
  program.add(6, Operation::fork, {SIGCHLD});
  program.add(7, Operation::report);
  const Ran ran = run(program);
  CHECK(exit_status(ran) == 0);
  REQUIRE(ran.reports.size() == 2);
  const bool parent_first = ran.reports[0].step == 6;
  const stub::Report& parent = ran.reports[parent_first ? 0 : 1];
  CHECK(parent.step == 6);
  CHECK(parent.value > 0);
  CHECK(ran.reports[parent_first ? 1 : 0].step == 7);
}

TEST_CASE("what a told call got is closed") {
  const UniqueFd passed(::dup(STDERR_FILENO));
  StubProgram program;
  program.add(1, Operation::call_told, {SYS_dup, fd(passed.get())});
  program.add(2, Operation::close_told);
  program.add(3, Operation::call_told, {SYS_dup, fd(passed.get())});
  const Ran ran = run(program);
  REQUIRE(ran.reports.size() == 2);
  CHECK(ran.reports[0].value > 2);
  CHECK(ran.reports[1].value == ran.reports[0].value);  // free again
}

TEST_CASE("a filter in the data is one that the kernel loads" *
          doctest::skip(in_user_emulation())) {
  StubProgram program;
  const auto instruction = [](sock_filter filter) { return std::bit_cast<std::uint64_t>(filter); };
  const auto filter =
      program.filter({instruction(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0)),
                      instruction(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1)),
                      instruction(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EUSERS)),
                      instruction(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW))});
  program.system_call(1, SYS_prctl, {PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0});
  program.system_call(2, SYS_seccomp, {SECCOMP_SET_MODE_FILTER, 0, filter});
  program.system_call(3, SYS_getppid, {});
  const Ran ran = run(program);
  REQUIRE(ran.reports.size() == 1);
  CHECK(ran.reports[0].step == 3);
  CHECK(ran.reports[0].error == EUSERS);
}

}  // namespace tare::runtime
