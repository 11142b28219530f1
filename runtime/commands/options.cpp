// SPDX-License-Identifier: Apache-2.0
//
// The one door to Boost.Program_options. Our part is how words are split (its own styles read
// "-b=DIR" and values that look like options differently from the callers); its part is which
// options there are, that they exist and that they have their value. It throws; nothing it throws
// leaves this file.
#include "runtime/commands/options.h"

#include <boost/program_options/option.hpp>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <climits>
#include <cstddef>
#include <cstdlib>
#include <optional>

#include "base/text.h"
#include "runtime/commands/nearest.h"
#include "runtime/commands/table.h"

namespace tare::runtime {

namespace po = boost::program_options;

const Option* find_option(std::span<const Option> table, std::string_view name) {
  for (const Option& option : table) {
    if (name == option.name) return &option;
  }
  return nullptr;
}

namespace {

Error usage(std::string words) {
  return Error(Error::Kind::usage, std::move(words));
}

// --- Values ------------------------------------------------------------------------------------

// The words of Go's strconv.ParseBool.
std::optional<bool> parse_bool(std::string_view word) {
  for (const std::string_view yes : {"true", "1", "t", "T", "TRUE", "True"}) {
    if (word == yes) return true;
  }
  for (const std::string_view no : {"false", "0", "f", "F", "FALSE", "False"}) {
    if (word == no) return false;
  }
  return std::nullopt;
}

std::optional<int> parse_count(std::string_view word) {
  const auto number = parse_number<unsigned>(word);
  if (!number || *number > unsigned{INT_MAX}) return std::nullopt;
  return static_cast<int>(*number);
}

bool is_choice(const Option& option, std::string_view word) {
  for (const std::string_view choice : split(option.value, '|')) {
    if (word == choice) return true;
  }
  return false;
}

bool has_choices(const Option& option) {
  return option.takes == Option::Takes::text &&
         std::string_view(option.value).find('|') != std::string_view::npos;
}

// --- Words -------------------------------------------------------------------------------------

// Splits words as options.h promises. Boost calls it once and gets everything; an option that
// lacks its value, or is in no table, is handed on as it is for Boost to refuse.
class Splitter {
 public:
  Splitter(std::span<const Option> table, bool end_at_first_argument,
           std::vector<std::string> words)
      : table_(table), end_at_first_argument_(end_at_first_argument), words_(std::move(words)) {}

  std::vector<po::option> split_all() {
    while (next_ < words_.size()) {
      const std::string word = words_[next_++];
      if (word == "--") {
        take_arguments();
      } else if (word.size() < 2 || word[0] != '-') {
        add_argument(word);
        if (end_at_first_argument_) take_arguments();
      } else {
        split_option(word);
      }
    }
    return std::move(found_);
  }

 private:
  void split_option(const std::string& word) {
    const bool two_dashes = word[1] == '-';
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(two_dashes ? 2 : 1, equals - (two_dashes ? 2 : 1));
    if (const Option* option = find(name)) {
      std::optional<std::string> value;
      if (equals != std::string::npos) value = word.substr(equals + 1);
      add(*option, word, std::move(value));
    } else if (two_dashes) {
      add_unknown(word.substr(0, equals));
    } else {
      split_letters(word);
    }
  }

  // "-b=DIR", "-bDIR", and "-af": the letter's value, or the next letter.
  void split_letters(const std::string& word) {
    for (std::size_t at = 1; at < word.size(); ++at) {
      const Option* option = find(word[at]);
      if (option == nullptr) return add_unknown(word.substr(0, word.find('=')));
      const bool equals = at + 1 < word.size() && word[at + 1] == '=';
      const std::string rest = word.substr(equals ? at + 2 : at + 1);
      if (equals || (option->takes != Option::Takes::flag && !rest.empty())) {
        return add(*option, word, rest);
      }
      add(*option, word, std::nullopt);
    }
  }

  void add(const Option& option, const std::string& word, std::optional<std::string> value) {
    po::option found;
    found.string_key = option.name;
    found.original_tokens = {word};
    if (!value && option.takes == Option::Takes::flag) value = "true";
    if (!value && next_ < words_.size()) value = words_[next_++];
    if (value) found.value = {std::move(*value)};
    found_.push_back(std::move(found));
  }

  void add_unknown(const std::string& word) {
    po::option found;
    found.string_key = word;
    found.original_tokens = {word};
    found_.push_back(std::move(found));
  }

  void add_argument(const std::string& word) {
    po::option found;
    found.position_key = INT_MAX;  // Boost's mark for "no option may have it as its value"
    found.value = {word};
    found_.push_back(std::move(found));
  }

  void take_arguments() {
    while (next_ < words_.size()) add_argument(words_[next_++]);
  }

  const Option* find(std::string_view name) const {
    return name == help_option().name ? &help_option() : find_option(table_, name);
  }
  const Option* find(char letter) const {
    if (letter == help_option().letter) return &help_option();
    for (const Option& option : table_) {
      if (option.letter == letter) return &option;
    }
    return nullptr;
  }

  std::span<const Option> table_;
  bool end_at_first_argument_;
  std::vector<std::string> words_;
  std::size_t next_ = 0;
  std::vector<po::option> found_;
};

// --- Reading -----------------------------------------------------------------------------------

std::string unknown_option(std::span<const Option> table, const std::string& word) {
  const std::string name = word.substr(
      word.find_first_not_of('-') == std::string::npos ? word.size() : word.find_first_not_of('-'));
  const std::string words = "unknown option " + printable(word);
  std::vector<std::string_view> names = {help_option().name};
  for (const Option& option : table) {
    if (!option.hidden) names.emplace_back(option.name);
  }
  const std::string_view near = nearest(name, names);
  if (!near.empty()) return words + " (did you mean --" + std::string(near) + "?)";
  const bool global = find_option(global_options(), name) != nullptr;
  return words + (global ? " (it goes before the command)" : "");
}

std::string missing_value(std::string_view option) {
  return "option '" + std::string(option) + "' requires an argument";
}

struct Read {
  Values values;
  std::vector<std::string> arguments;
  bool help = false;
};

Result<std::vector<po::option>> split_words(std::span<const Option> table,
                                            bool end_at_first_argument,
                                            const std::vector<std::string>& words) {
  po::options_description description;
  const auto describe = [&](const Option& option) {
    description.add_options()(option.name, new po::untyped_value);  // owned by the description
  };
  for (const Option& option : table) describe(option);
  describe(help_option());
  try {
    namespace style = po::command_line_style;
    return po::command_line_parser(words)
        .options(description)
        .style(style::allow_long | style::long_allow_adjacent)
        .extra_style_parser([&](std::vector<std::string>& rest) {
          return Splitter(table, end_at_first_argument, std::exchange(rest, {})).split_all();
        })
        .run()
        .options;
  } catch (const po::unknown_option& error) {
    return usage(unknown_option(table, error.get_option_name()));
  } catch (const po::invalid_command_line_syntax& error) {
    return usage(missing_value(error.get_option_name()));
  } catch (const po::error& error) {
    return usage(printable(error.what()));
  }
}

Result<Read> read_words(std::span<const Option> table, bool end_at_first_argument,
                        const std::vector<std::string>& words) {
  Read read{.values = Values(table), .arguments = {}};
  for (po::option& found : TRY(split_words(table, end_at_first_argument, words))) {
    if (found.string_key.empty()) {
      read.arguments.push_back(std::move(found.value.at(0)));
    } else if (const Option* option = find_option(table, found.string_key)) {
      TRY(read.values.add(*option, std::move(found.value.at(0))));
    } else {
      read.help = parse_bool(found.value.at(0)).value_or(true);
    }
  }
  return read;
}

// Of a command line that is wrong before its command: those single words that are right.
Values readable_options(const std::vector<std::string>& words) {
  Values values(global_options());
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::vector<std::string> one = {words[i]};
    if (i + 1 < words.size() && words[i].find('=') == std::string::npos)
      one.push_back(words[i + 1]);
    const Result<Read> read = read_words(global_options(), true, one);
    if (read.ok() && read->values.has("error-format")) values = read->values;
  }
  return values;
}

Result<const Command*> choose_command(const std::string& name) {
  if (const Command* command = find_command(name)) return command;
  std::vector<std::string_view> names;
  for (const Command& command : commands()) {
    if (!command.hidden) names.emplace_back(command.name);
  }
  const std::string_view near = nearest(name, names);
  return usage(
      "unknown command " + quote(name) +
      (near.empty() ? " (tare --help lists them)" : " (did you mean " + std::string(near) + "?)"));
}

Result<void> check_arguments(const Command& command, const std::vector<std::string>& arguments) {
  const int count = static_cast<int>(arguments.size());
  if (count < command.least) {
    return usage(std::string(command.name) + " needs " + command.arguments);
  }
  if (command.most >= 0 && count > command.most) {
    return usage("unexpected argument " + quote(arguments[static_cast<std::size_t>(command.most)]) +
                 " to " + command.name);
  }
  return {};
}

}  // namespace

const Option& Values::known(std::string_view name) const {
  const Option* option = find_option(table_, name);
  if (option == nullptr) std::abort();
  return *option;
}

const std::string* Values::last(const Option& option) const {
  for (auto pair = given_.rbegin(); pair != given_.rend(); ++pair) {
    if (pair->first == &option) return &pair->second;
  }
  return nullptr;
}

bool Values::has(std::string_view name) const {
  const Option& option = known(name);
  const std::string* value = last(option);
  if (value == nullptr) return false;
  return option.takes != Option::Takes::flag || parse_bool(*value).value_or(false);
}

std::string Values::text(std::string_view name) const {
  const char* fallback = known(name).fallback;
  return text(name, fallback == nullptr ? "" : fallback);
}

std::string Values::text(std::string_view name, std::string_view otherwise) const {
  const std::string* value = last(known(name));
  return value == nullptr ? std::string(otherwise) : *value;
}

int Values::count(std::string_view name) const {
  return parse_count(text(name)).value_or(0);
}

std::vector<std::string> Values::all(std::string_view name) const {
  const Option& option = known(name);
  std::vector<std::string> values;
  for (const auto& [given, value] : given_) {
    if (given == &option) values.push_back(value);
  }
  return values;
}

Result<void> Values::add(const Option& option, std::string value) {
  const std::string given = "--" + std::string(option.name) + "=" + printable(value);
  if (option.takes == Option::Takes::flag && !parse_bool(value)) {
    return usage("invalid " + given + ": true or false is wanted");
  }
  if (option.takes == Option::Takes::count && !parse_count(value)) {
    return usage("invalid " + given + ": a number from 0 to 2147483647 is wanted");
  }
  if (has_choices(option) && !is_choice(option, value)) {
    return usage("invalid " + std::string(option.name) + ": " + printable(value));
  }
  given_.emplace_back(&option, std::move(value));
  return {};
}

Result<Invocation> parse_command_line(int argc, const char* const argv[], Values* found) {
  std::vector<std::string> words;
  for (int i = 1; i < argc && argv[i] != nullptr; ++i) words.emplace_back(argv[i]);
  Result<Read> read = read_words(global_options(), true, words);
  if (found != nullptr) *found = read.ok() ? read->values : readable_options(words);
  Read globals = TRY(std::move(read));

  Invocation invocation;
  invocation.globals = std::move(globals.values);
  invocation.help = globals.help;
  invocation.version = invocation.globals.has("version");
  if (invocation.version) return invocation;
  if (globals.arguments.empty()) {
    if (invocation.help) return invocation;
    return usage("no command given (tare --help lists them)");
  }
  const Command* command = TRY(choose_command(globals.arguments[0]));
  globals.arguments.erase(globals.arguments.begin());
  Read own =
      TRY(read_words(command->options, command->options_end_at_first_argument, globals.arguments));
  invocation.command = command;
  invocation.options = std::move(own.values);
  invocation.arguments = std::move(own.arguments);
  invocation.help = invocation.help || own.help;
  if (!invocation.help) TRY(check_arguments(*command, invocation.arguments));
  return invocation;
}

}  // namespace tare::runtime
