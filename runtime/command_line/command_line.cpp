// SPDX-License-Identifier: Apache-2.0
//
// The only user of Boost.Program_options. tare splits the words itself, because Boost's styles read
// "-b=DIR" and values that look like options differently from tare's callers. Boost checks that the
// options exist and have their values. It throws exceptions, and none of them leaves this file.
#include "runtime/command_line/command_line.h"

#include <algorithm>
#include <boost/program_options/option.hpp>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <climits>
#include <cstddef>
#include <optional>

#include "base/text.h"
#include "runtime/command_line/habits.h"
#include "runtime/command_line/nearest.h"
#include "runtime/command_line/table.h"

namespace tare::runtime {

namespace po = boost::program_options;

namespace {

Error usage(std::string words) {
  return Error(Error::Kind::usage, std::move(words));
}

// --- Words -------------------------------------------------------------------------------------

// Splits words as command_line.h describes. Boost calls it once, with all words. It passes an
// option without its value, or one that is in no table, on to Boost, which refuses it.
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

  // "-b=DIR", "-bDIR" and "-af": a letter with its value, or several letters.
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
    found.position_key = INT_MAX;  // for Boost: not the value of an option
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

// The options that are valid at a position: those before the command, or those of a command.
struct Grammar {
  const Command* command = nullptr;
  std::span<const Option> options = global_options();
  bool end_at_first_argument = true;

  Grammar() = default;
  explicit Grammar(const Command& own)
      : command(&own),
        options(own.options),
        end_at_first_argument(own.options_end_at_first_argument) {}
};

std::string without_dashes(const std::string& word) {
  const std::size_t start = word.find_first_not_of('-');
  return start == std::string::npos ? "" : word.substr(start);
}

std::string_view nearest_option(const Grammar& grammar, const std::string& name) {
  std::vector<std::string_view> names = {help_option().name};
  for (const Option& option : grammar.options) {
    if (!option.hidden) names.emplace_back(option.name);
  }
  return nearest(name, names);
}

Error unknown_option(const Grammar& grammar, const std::string& word) {
  Error error = usage("unknown option " + printable(word));
  std::string hint = grammar.command ? hint_for_option(*grammar.command, word) : "";
  if (!hint.empty()) return std::move(error).with_hint(std::move(hint));
  const std::string name = without_dashes(word);
  const std::string_view near = nearest_option(grammar, name);
  if (!near.empty()) error.what += " (did you mean --" + std::string(near) + "?)";
  const bool global = near.empty() && find_option(global_options(), name) != nullptr;
  if (global) error.what += " (it goes before the command)";
  return error;
}

std::string missing_value(std::string_view option) {
  return "option '" + std::string(option) + "' requires an argument";
}

struct Read {
  Values values;
  std::vector<std::string> arguments;
  bool help = false;
};

Result<std::vector<po::option>> split_words(const Grammar& grammar,
                                            const std::vector<std::string>& words) {
  std::vector<po::option> found =
      Splitter(grammar.options, grammar.end_at_first_argument, words).split_all();
  po::options_description description;
  // Boost takes longer for the description of an option than for a whole command line, so it hears
  // of those that are there.
  const auto describe = [&](const Option& option) {
    const bool is_there = std::ranges::any_of(
        found, [&](const po::option& one) { return one.string_key == option.name; });
    if (!is_there) return;
    description.add_options()(option.name, new po::untyped_value);  // the description owns it
  };
  for (const Option& option : grammar.options) describe(option);
  describe(help_option());
  try {
    namespace style = po::command_line_style;
    return po::command_line_parser(words)
        .options(description)
        .style(style::allow_long | style::long_allow_adjacent)
        .extra_style_parser([&](std::vector<std::string>& rest) {
          rest.clear();
          return std::exchange(found, {});
        })
        .run()
        .options;
  } catch (const po::unknown_option& error) {
    return unknown_option(grammar, error.get_option_name());
  } catch (const po::invalid_command_line_syntax& error) {
    return usage(missing_value(error.get_option_name()));
  } catch (const po::error& error) {
    return usage(printable(error.what()));
  }
}

Result<Read> read_words(const Grammar& grammar, const std::vector<std::string>& words) {
  Read read{.values = Values(grammar.options), .arguments = {}};
  for (po::option& found : TRY(split_words(grammar, words))) {
    if (found.string_key.empty()) {
      read.arguments.push_back(std::move(found.value.at(0)));
    } else if (const Option* option = find_option(grammar.options, found.string_key)) {
      TRY(read.values.add(*option, std::move(found.value.at(0))));
    } else {
      read.help = parse_bool(found.value.at(0)).value_or(true);
    }
  }
  return read;
}

// For a command line that is wrong before its command: the options among its words that can be
// read.
Values readable_options(const std::vector<std::string>& words) {
  Values values(global_options());
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::vector<std::string> one = {words[i]};
    if (i + 1 < words.size() && words[i].find('=') == std::string::npos)
      one.push_back(words[i + 1]);
    const Result<Read> read = read_words(Grammar(), one);
    if (read.ok() && read->values.has("error-format")) values = read->values;
  }
  return values;
}

Result<void> check_arguments(const Command& command, const std::vector<std::string>& arguments) {
  const int count = static_cast<int>(arguments.size());
  if (count < command.least) {
    return usage(std::string(command.name) + " needs " + command.arguments)
        .with_hint(std::string(hint_for_count(command, false)));
  }
  if (command.most >= 0 && count > command.most) {
    return usage("unexpected argument " + quote(arguments[static_cast<std::size_t>(command.most)]) +
                 " to " + command.name)
        .with_hint(std::string(hint_for_count(command, true)));
  }
  return {};
}

std::string in_a_choice(std::vector<std::string> names) {
  const std::string last = std::move(names.back());
  names.pop_back();
  return names.empty() ? last : join(names, ", ") + " or " + last;
}

// "add, remove or show" for "mounts".
std::string choices(std::string_view group) {
  std::vector<std::string> names;
  for (const Command* command : commands()) {
    if (!is_in_group(*command, group)) continue;
    names.push_back(std::string(command->name).substr(group.size() + 1));
  }
  return in_a_choice(std::move(names));
}

// The names of the commands, and the first words of those with two.
std::vector<std::string_view> words_for_commands() {
  std::vector<std::string_view> names;
  for (const Command* command : commands()) {
    if (command->hidden) continue;
    const std::string_view name = command->name;
    names.push_back(name);
    const std::size_t blank = name.find(' ');
    if (blank != std::string_view::npos) names.push_back(name.substr(0, blank));
  }
  return names;
}

// "mounts show, ns show or cgroup show" for "show".
std::string ending_in(const std::string& word) {
  std::vector<std::string> names;
  for (const Command* command : commands()) {
    const std::string name = command->name;
    if (name.ends_with(" " + word)) names.push_back(name);
  }
  return names.empty() ? "" : in_a_choice(std::move(names));
}

Error unknown_command(const std::string& name, const std::string& otherwise) {
  Error error = usage("unknown command " + quote(name));
  const std::string_view hint = hint_for_command(name);
  if (!hint.empty()) return std::move(error).with_hint(std::string(hint));
  std::string near = ending_in(name);
  if (near.empty()) near = nearest(name, words_for_commands());
  error.what += " (" + (near.empty() ? otherwise : "did you mean " + near + "?") + ")";
  return error;
}

Result<const Command*> choose_of_group(const std::string& group,
                                       const std::vector<std::string>& words) {
  const std::string needed = group + " needs a command: " + choices(group);
  if (words.size() == 1) return usage(needed);
  if (words[1].starts_with('-')) {
    return usage("unknown option " + printable(words[1]) + " of " + group + " (" + needed +
                 "; options follow it)");
  }
  const std::string name = group + " " + words[1];
  if (const Command* command = find_command(name)) return command;
  return unknown_command(name, needed);
}

// "mounts --help" and "--help mounts" list the commands of the group.
bool is_help_of_group(const Read& globals) {
  const std::vector<std::string>& words = globals.arguments;
  if (words.empty() || find_group(words[0]).empty()) return false;
  if (words.size() == 1) return globals.help;
  return words[1] == "--help" || words[1] == "-help" || words[1] == "-h";
}

Result<void> read_command(std::vector<std::string> words, Invocation& invocation) {
  const Command& command = *TRY(choose_command(words));
  const auto of_name = 1 + std::ranges::count(std::string_view(command.name), ' ');
  words.erase(words.begin(), words.begin() + of_name);
  Read own = TRY(read_words(Grammar(command), words));
  invocation.command = &command;
  invocation.options = std::move(own.values);
  invocation.arguments = std::move(own.arguments);
  invocation.help = invocation.help || own.help;
  if (invocation.help) return {};
  return check_arguments(command, invocation.arguments);
}

}  // namespace

Result<const Command*> choose_command(const std::vector<std::string>& words) {
  if (words.empty()) return usage("no command given (tare --help lists them)");
  const std::string& name = words[0];
  const Command* command = find_command(name);
  if (command != nullptr && name.find(' ') != std::string::npos) {
    return usage("unknown command " + quote(name) + " (write the two words without quotes)");
  }
  if (command != nullptr) return command;
  if (!find_group(name).empty()) return choose_of_group(name, words);
  return unknown_command(name, "tare --help lists them");
}

Result<Invocation> parse_command_line(int argc, const char* const argv[], Values* found) {
  std::vector<std::string> words;
  for (int i = 1; i < argc && argv[i] != nullptr; ++i) words.emplace_back(argv[i]);
  Result<Read> read = read_words(Grammar(), words);
  if (found != nullptr) *found = read.ok() ? read->values : readable_options(words);
  Read globals = TRY(std::move(read));

  Invocation invocation;
  invocation.globals = std::move(globals.values);
  invocation.help = globals.help;
  invocation.version = invocation.globals.has("version");
  if (invocation.version || (invocation.help && globals.arguments.empty())) return invocation;
  if (is_help_of_group(globals)) {
    invocation.group = find_group(globals.arguments[0]);
    invocation.help = true;
    return invocation;
  }
  TRY(read_command(std::move(globals.arguments), invocation));
  return invocation;
}

}  // namespace tare::runtime
