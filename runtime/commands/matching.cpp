// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/matching.h"

#include <regex.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/text.h"

namespace tare::runtime {

namespace {

struct FreeRegex {
  void operator()(regex_t* compiled) const {
    ::regfree(compiled);
    delete compiled;
  }
};
using Regex = std::unique_ptr<regex_t, FreeRegex>;

Result<Regex> compile(const std::string& expression) {
  auto compiled = std::make_unique<regex_t>();
  const int error = ::regcomp(compiled.get(), expression.c_str(), REG_EXTENDED | REG_NOSUB);
  if (error == 0) return Regex(compiled.release());
  std::array<char, 256> words{};
  ::regerror(error, compiled.get(), words.data(), words.size());
  return Error(Error::Kind::usage,
               "invalid regular expression: " + quote(expression) + ": " + words.data());
}

Result<std::vector<std::string>> matching_ids(const Store& store,
                                              const std::vector<std::string>& expressions) {
  std::vector<Regex> compiled;
  compiled.reserve(expressions.size());
  for (const std::string& expression : expressions) compiled.push_back(TRY(compile(expression)));
  std::vector<std::string> ids = TRY(store.ids());
  std::erase_if(ids, [&](const std::string& id) {
    return std::ranges::none_of(compiled, [&](const Regex& regex) {
      return ::regexec(regex.get(), id.c_str(), 0, nullptr, 0) == 0;
    });
  });
  return ids;
}

}  // namespace

Result<std::vector<std::string>> meant_ids(const CommandContext& context, const Store& store,
                                           const std::vector<std::string>& words) {
  if (context.options().has("regex")) return matching_ids(store, words);
  return words;
}

}  // namespace tare::runtime
