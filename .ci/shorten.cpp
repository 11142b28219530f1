// SPDX-License-Identifier: Apache-2.0
//
// shorten LIBC-START.O FILE: writes glibc's start of a static program for x86-64 anew, so that it
// does not ask the processor for its caches.
//
// glibc does so before main, with dozens of cpuid instructions. A hypervisor has to answer each of
// them, for which the processor leaves the virtual machine: half a millisecond of the 0.7 that a
// program takes to start on a nested one. What glibc learns is from which length on memcpy(3)
// and memset(3) work in another way, and what sysconf(3) says of caches. Instead, all caches have
// one mebibyte now. Which instructions the processor has is still asked for.
//
// Only the named functions are written over, and only where no relocation is. One that is not
// found, as in another version of glibc, stays as it is.
#include <elf.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Bytes = std::string;

struct Replacement {
  std::string_view function;  // a compiler may add a dot and more to its name
  std::string_view code;      // position-independent, changes no register but rax
};

constexpr std::string_view one_mebibyte("\xb8\x00\x00\x10\x00\xc3", 6);  // mov eax, 1 << 20; ret
constexpr std::string_view nothing("\xc3", 1);                           // ret

constexpr Replacement replacements[] = {
    {"handle_intel", one_mebibyte},  // long, of the name of a value of sysconf(3)
    {"handle_amd", one_mebibyte},
    {"get_common_cache_info", nothing},  // divides a cache by the threads that share it
};

struct Function {
  std::size_t begin, size;           // in the file
  std::vector<std::size_t> patched;  // by relocations: bytes of the function
};

class Object {
 public:
  explicit Object(const Bytes& bytes) : bytes_(bytes) {
    const auto header = at<Elf64_Ehdr>(0);
    for (std::size_t i = 0; i < header.e_shnum; ++i) {
      sections_.push_back(at<Elf64_Shdr>(header.e_shoff + i * sizeof(Elf64_Shdr)));
    }
  }

  static bool is_one(const Bytes& bytes) {
    constexpr char expected[] = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB};
    if (bytes.size() < sizeof(Elf64_Ehdr) || !bytes.starts_with({expected, sizeof expected}))
      return false;
    Elf64_Ehdr header;
    std::memcpy(&header, bytes.data(), sizeof header);
    return header.e_type == ET_REL && header.e_machine == EM_X86_64;
  }

  std::optional<Function> find(std::string_view name) const {
    for (const Elf64_Shdr& section : sections_) {
      if (section.sh_type != SHT_SYMTAB) continue;
      for (std::size_t place = 0; place < section.sh_size; place += sizeof(Elf64_Sym)) {
        const auto symbol = at<Elf64_Sym>(section.sh_offset + place);
        if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx >= sections_.size())
          continue;
        const std::string full =
            &bytes_.at(sections_.at(section.sh_link).sh_offset + symbol.st_name);
        if (full == name || full.starts_with(std::string(name) + ".")) return function(symbol);
      }
    }
    return std::nullopt;
  }

 private:
  template <typename Header>
  Header at(std::size_t place) const {
    Header header;
    std::memcpy(&header, bytes_.substr(place, sizeof header).data(), sizeof header);
    return header;
  }

  Function function(const Elf64_Sym& symbol) const {
    Function found{sections_[symbol.st_shndx].sh_offset + symbol.st_value, symbol.st_size, {}};
    for (const Elf64_Shdr& section : sections_) {
      if (section.sh_type != SHT_RELA || section.sh_info != symbol.st_shndx) continue;
      for (std::size_t place = 0; place < section.sh_size; place += sizeof(Elf64_Rela)) {
        const auto offset = at<Elf64_Rela>(section.sh_offset + place).r_offset;
        for (std::size_t byte = offset; byte < offset + 8; ++byte) {  // 8: the largest
          if (byte >= symbol.st_value && byte < symbol.st_value + symbol.st_size) {
            found.patched.push_back(byte - symbol.st_value);
          }
        }
      }
    }
    return found;
  }

  const Bytes& bytes_;
  std::vector<Elf64_Shdr> sections_;
};

bool is_free(const Function& function, std::size_t begin, std::size_t size) {
  return begin + size <= function.size &&
         std::ranges::none_of(function.patched, [&](std::size_t byte) {
           return byte >= begin && byte < begin + size;
         });
}

// At the begin of the function, or behind the first bytes that a relocation changes, with a jump.
bool replace(Bytes& bytes, const Function& function, std::string_view code) {
  constexpr std::size_t jump_size = 2;
  constexpr std::size_t farthest = 127;
  if (is_free(function, 0, code.size())) {
    bytes.replace(function.begin, code.size(), code);
    return true;
  }
  if (!is_free(function, 0, jump_size)) return false;
  for (std::size_t place = jump_size; place <= farthest; ++place) {
    if (!is_free(function, place, code.size())) continue;
    const char jump[jump_size] = {'\xeb', static_cast<char>(place - jump_size)};
    bytes.replace(function.begin, jump_size, {jump, jump_size});
    bytes.replace(function.begin + place, code.size(), code);
    return true;
  }
  return false;
}

std::optional<Bytes> read(const char* name) {
  std::FILE* const file = std::fopen(name, "rb");
  if (file == nullptr) return std::nullopt;
  Bytes bytes;
  char piece[4096];
  while (const std::size_t size = std::fread(piece, 1, sizeof piece, file))
    bytes.append(piece, size);
  const bool is_whole = std::ferror(file) == 0;
  return std::fclose(file) == 0 && is_whole ? std::optional(bytes) : std::nullopt;
}

bool write(const char* name, const Bytes& bytes) {
  std::FILE* const file = std::fopen(name, "wb");
  if (file == nullptr) return false;
  const bool is_written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  return std::fclose(file) == 0 && is_written;
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) return 2;
  std::optional<Bytes> bytes = read(words[1]);
  if (!bytes || !Object::is_one(*bytes)) {
    std::fprintf(stderr, "shorten: %s is no object file for x86-64\n", words[1]);
    return 1;
  }
  const Object object(*bytes);
  for (const Replacement& one : replacements) {
    const std::optional<Function> function = object.find(one.function);
    if (!function || !replace(*bytes, *function, one.code)) {
      std::printf("shorten: %s stays as it is\n", std::string(one.function).c_str());
    }
  }
  if (write(words[2], *bytes)) return 0;
  std::perror(words[2]);
  return 1;
}
