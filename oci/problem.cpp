// SPDX-License-Identifier: Apache-2.0
#include "oci/problem.h"

#include "base/text.h"
#include "oci/json/codec.h"

namespace tare::oci {

namespace {

struct CodeWord {
  Error::Kind kind;
  std::string_view word;
};
constexpr CodeWord code_words[] = {
    {Error::Kind::failure, "failed"},      {Error::Kind::usage, "usage"},
    {Error::Kind::config, "config"},       {Error::Kind::unsupported, "unsupported"},
    {Error::Kind::not_found, "not-found"}, {Error::Kind::not_running, "not-running"},
    {Error::Kind::refused, "refused"},
};

std::optional<std::string> unless_empty(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return printable(text);
}

}  // namespace

std::string_view code_word(Error::Kind kind) {
  for (const CodeWord& row : code_words) {
    if (row.kind == kind) return row.word;
  }
  return {};  // not reached: every kind has a row
}

Problem problem(const Error& error, std::string_view phase) {
  Problem problem;
  problem.code = code_word(error.kind);
  problem.phase = phase;
  problem.step = printable(error.what);
  problem.origin = unless_empty(error.at);
  if (error.error != 0) {
    problem.errno_name = errno_name(error.error);
    problem.cause = errno_words(error.error);
  }
  problem.hint = unless_empty(error.hint);
  problem.message = printable(error.message());
  return problem;
}

std::string encode_problem(const Problem& problem) {
  return encode_document(problem) + '\n';
}

std::string encode_problems(const std::vector<Problem>& problems) {
  return encode_document(problems) + '\n';
}

}  // namespace tare::oci
