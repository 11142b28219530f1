// SPDX-License-Identifier: Apache-2.0
#include "oci/json/json.h"

#include <rapidjson/document.h>
#include <rapidjson/pointer.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

#include "base/memory.h"
#include "base/text.h"
#include "oci/json/utf8.h"

namespace tare::oci {

// RapidJSON uses what malloc(3) returns without a look.
struct Checked : rapidjson::CrtAllocator {
  void* Malloc(std::size_t size) { return size > 0 ? allocate(size) : nullptr; }
  void* Realloc(void* memory, std::size_t before, std::size_t size) {
    return size > 0 ? reallocate(memory, size) : CrtAllocator::Realloc(memory, before, size);
  }
};

using Utf8 = rapidjson::UTF8<>;
using Pool = rapidjson::MemoryPoolAllocator<Checked>;
using Tree = rapidjson::GenericDocument<Utf8, Pool, Checked>;
using Reader = rapidjson::GenericReader<Utf8, Utf8, Checked>;
using Buffer = rapidjson::GenericStringBuffer<Utf8, Checked>;
using CompactWriter = rapidjson::Writer<Buffer, Utf8, Utf8, Checked>;
using PrettyWriter = rapidjson::PrettyWriter<Buffer, Utf8, Utf8, Checked>;

// A Json is a Value, but needs no header of RapidJSON.
using Value = rapidjson::GenericValue<Utf8, Pool>;
using Pointer = rapidjson::GenericPointer<Value, Checked>;

// The strings of the tree are slices of the text.
struct Document::Content {
  std::string text;
  Tree tree;
};

namespace {

const Value& value_of(const Json& json) {
  return reinterpret_cast<const Value&>(json);
}

const Json& json_of(const Value& value) {
  return reinterpret_cast<const Json&>(value);
}

// ---- from text to tree -------------------------------------------------------------------------

// Represents a number in the tree that fits no field.
constexpr double not_an_integer = 0.5;
constexpr double beyond_64_bits = 1e300;

// Passes RapidJSON's events to the tree, counts the depth, and parses numbers itself: RapidJSON 1.1
// would convert them to double (and reads out of bounds for some exponents, CVE-2024-38517).
struct TreeBuilder {
  Tree& tree;
  int depth = 0;

  bool Null() { return tree.Null(); }
  bool Bool(bool value) { return tree.Bool(value); }
  bool Int(int value) { return tree.Int(value); }
  bool Uint(unsigned value) { return tree.Uint(value); }
  bool Int64(std::int64_t value) { return tree.Int64(value); }
  bool Uint64(std::uint64_t value) { return tree.Uint64(value); }
  bool Double(double value) { return tree.Double(value); }
  bool String(const char* text, rapidjson::SizeType length, bool copy) {
    return tree.String(text, length, copy);
  }
  bool Key(const char* text, rapidjson::SizeType length, bool copy) {
    return tree.Key(text, length, copy);
  }
  bool StartObject() { return ++depth <= deepest_nesting && tree.StartObject(); }
  bool EndObject(rapidjson::SizeType count) { return --depth, tree.EndObject(count); }
  bool StartArray() { return ++depth <= deepest_nesting && tree.StartArray(); }
  bool EndArray(rapidjson::SizeType count) { return --depth, tree.EndArray(count); }

  bool RawNumber(const char* text, rapidjson::SizeType length, bool /*copy*/) {
    const std::string_view digits(text, length);
    if (digits.find_first_of(".eE") != std::string_view::npos) return tree.Double(not_an_integer);
    if (const auto number = parse_number<std::uint64_t>(digits)) return tree.Uint64(*number);
    if (const auto number = parse_number<std::int64_t>(digits)) return tree.Int64(*number);
    return tree.Double(beyond_64_bits);
  }
};

const char* syntax_words(rapidjson::ParseErrorCode code) {
  switch (code) {
    case rapidjson::kParseErrorDocumentRootNotSingular:
      return "text after the end of the document";
    case rapidjson::kParseErrorValueInvalid:
      return "expected a value";
    case rapidjson::kParseErrorObjectMissName:
      return "expected a property name in double quotes";
    case rapidjson::kParseErrorObjectMissColon:
      return "expected ':'";
    case rapidjson::kParseErrorObjectMissCommaOrCurlyBracket:
      return "expected ',' or '}'";
    case rapidjson::kParseErrorArrayMissCommaOrSquareBracket:
      return "expected ',' or ']'";
    case rapidjson::kParseErrorStringUnicodeEscapeInvalidHex:
      return "expected four hexadecimal digits after \\u";
    case rapidjson::kParseErrorStringUnicodeSurrogateInvalid:
      return "surrogate without its partner";
    case rapidjson::kParseErrorStringEscapeInvalid:
      return "control character or unknown escape in a string";
    case rapidjson::kParseErrorStringMissQuotationMark:
      return "string without an end";
    case rapidjson::kParseErrorNumberTooBig:
      return "number too big";
    case rapidjson::kParseErrorNumberMissFraction:
      return "expected a digit after '.'";
    case rapidjson::kParseErrorNumberMissExponent:
      return "expected a digit in the exponent";
    case rapidjson::kParseErrorTermination:  // TreeBuilder stops only because of the depth
      return "nested deeper than 64 levels";
    default:
      return "not JSON";
  }
}

// "line 3, column 7: words"; columns count bytes.
Error at_offset(std::string_view text, std::size_t offset, std::string words) {
  offset = std::min(offset, text.size());
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  if (offset == text.size()) words += ", found the end of the document";
  return Error::config({}, "line " + std::to_string(line) + ", column " +
                               std::to_string(offset - line_start + 1) + ": " + std::move(words));
}

Result<void> check_text(std::string_view text) {
  if (text.size() > largest_document) return Error::config({}, "larger than 16 MiB");
  // The in-situ stream ends at the first NUL; text after it would be ignored.
  const std::size_t nul = text.find('\0');
  if (nul != std::string_view::npos) return at_offset(text, nul, "NUL byte");
  // Validated here for the whole text. RapidJSON reads as many bytes as a lead byte announces
  // before it checks them, even beyond the end of the text, and is slow.
  const std::size_t valid = utf8_prefix(text);
  if (valid < text.size()) return at_offset(text, valid, "invalid UTF-8");
  return {};
}

// ---- what RapidJSON lets pass ------------------------------------------------------------------

// Only an escape can produce characters that the text itself cannot contain: NUL, and half of a
// surrogate pair.
Result<void> check_string(std::string_view text, const Place& place) {
  if (std::memchr(text.data(), '\0', text.size()) != nullptr) return place.error("has a NUL byte");
  // RapidJSON refuses a lone first surrogate, but encodes a lone second one: ED A0..BF xx, which is
  // not UTF-8.
  for (std::size_t i = text.find('\xED'); i != std::string_view::npos;
       i = text.find('\xED', i + 1)) {
    if (static_cast<unsigned char>(text[i + 1]) >= 0xA0) {
      return place.error("has a surrogate without its partner");
    }
  }
  return {};
}

std::string_view text_of(const Value& json) {
  return {json.GetString(), json.GetStringLength()};
}

constexpr std::size_t few = 16;

// The duplicate key of an object, or a view without data.
std::string_view repeated_key(const Value& object) {
  std::vector<std::string_view> sorted;
  if (object.MemberCount() > few) sorted.reserve(object.MemberCount());
  for (auto member = object.MemberBegin(); member != object.MemberEnd(); ++member) {
    const std::string_view key = text_of(member->name);
    if (object.MemberCount() > few) {
      sorted.push_back(key);
      continue;
    }
    for (auto earlier = object.MemberBegin(); earlier != member; ++earlier) {
      if (text_of(earlier->name) == key) return key;
    }
  }
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  return twice == sorted.end() ? std::string_view{} : *twice;
}

class TreeCheck {
 public:
  // The strings are checked only if `text`, the source of the tree, makes it necessary.
  explicit TreeCheck(std::string_view text)
      : escapes_(text.find("\\u") != std::string_view::npos) {}

  Result<void> value(const Value& json, const Place& place) const {
    if (json.IsObject()) return object(json, place);
    if (json.IsString() && escapes_) return check_string(text_of(json), place);
    if (!json.IsArray()) return {};
    for (rapidjson::SizeType i = 0; i < json.Size(); ++i) {
      if (needs_check(json[i])) TRY(value(json[i], Place(place, i)));
    }
    return {};
  }

 private:
  bool needs_check(const Value& json) const {
    return json.IsObject() || json.IsArray() || (escapes_ && json.IsString());
  }

  Result<void> object(const Value& json, const Place& place) const {
    const std::string_view twice = repeated_key(json);
    if (twice.data() != nullptr) return Place(place, twice).error("occurs twice in its object");
    for (auto member = json.MemberBegin(); member != json.MemberEnd(); ++member) {
      const Place at(place, text_of(member->name));
      if (escapes_) TRY(check_string(text_of(member->name), at));
      if (needs_check(member->value)) TRY(value(member->value, at));
    }
    return {};
  }

  bool escapes_;
};

const char* type_name(const Value& json) {
  switch (json.GetType()) {
    case rapidjson::kNullType:
      return "null";
    case rapidjson::kFalseType:
    case rapidjson::kTrueType:
      return "a boolean";
    case rapidjson::kObjectType:
      return "an object";
    case rapidjson::kArrayType:
      return "an array";
    case rapidjson::kStringType:
      return "a string";
    case rapidjson::kNumberType:
      break;
  }
  return "a number";
}

// "must be an integer from -1 to 5, is 6".
Error wrong_number(const Place& place, const std::string& lowest, const std::string& highest,
                   const Value& found) {
  std::string is = type_name(found);
  if (found.IsUint64()) is = std::to_string(found.GetUint64());
  if (found.IsInt64()) is = std::to_string(found.GetInt64());
  if (found.IsDouble()) {
    is = found.GetDouble() == beyond_64_bits ? "beyond 64 bits"
                                             : "written with a '.' or an exponent";
  }
  return place.error("must be an integer from " + lowest + " to " + highest + ", is " + is);
}

// RFC 8259, section 8.1: a parser may ignore it. Editors write it.
std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

}  // namespace

Document::Document(std::unique_ptr<Content> content) : content_(std::move(content)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

const Json& Document::root() const {
  return json_of(content_->tree);
}

Result<Document> parse(std::string_view whole) {
  const std::string_view text = without_byte_order_mark(whole);
  TRY(check_text(text));
  // In situ: the strings of the tree are slices of this copy, `text` is kept for positions.
  auto content = std::make_unique<Document::Content>();
  content->text = text;
  constexpr unsigned flags = rapidjson::kParseInsituFlag | rapidjson::kParseNumbersAsStringsFlag;
  Reader reader;
  rapidjson::ParseResult result;
  const auto events = [&](Tree& tree) {
    rapidjson::InsituStringStream stream(content->text.data());
    TreeBuilder builder{tree};
    result = reader.Parse<flags>(stream, builder);
    return !result.IsError();
  };
  content->tree.Populate(events);
  if (result.Code() == rapidjson::kParseErrorDocumentEmpty) return Error::config({}, "is empty");
  if (result.IsError()) return at_offset(text, result.Offset(), syntax_words(result.Code()));
  TRY(TreeCheck(text).value(content->tree, Place()));
  return Document(std::move(content));
}

// ---- reading values ----------------------------------------------------------------------------

bool holds_null(const Json& json) {
  return value_of(json).IsNull();
}

bool holds_array(const Json& json) {
  return value_of(json).IsArray();
}

bool holds_object(const Json& json) {
  return value_of(json).IsObject();
}

bool holds_empty_string(const Json& json) {
  return value_of(json).IsString() && value_of(json).GetStringLength() == 0;
}

Error wrong_type(const Place& place, const char* wanted, const Json& found) {
  return place.error(std::string("must be ") + wanted + ", is " + type_name(value_of(found)));
}

Result<std::size_t> decode_array_size(const Json& json, const Place& place) {
  if (!holds_array(json)) return wrong_type(place, "an array", json);
  return std::size_t{value_of(json).Size()};
}

const Json& element_of(const Json& array, std::size_t index) {
  return json_of(value_of(array)[static_cast<rapidjson::SizeType>(index)]);
}

Result<std::size_t> decode_object_size(const Json& json, const Place& place) {
  if (!holds_object(json)) return wrong_type(place, "an object", json);
  return std::size_t{value_of(json).MemberCount()};
}

Property property_of(const Json& object, std::size_t index) {
  const auto member = value_of(object).MemberBegin() + static_cast<rapidjson::SizeType>(index);
  return {text_of(member->name), json_of(member->value)};
}

const Json* find_property(const Json& object, std::string_view name) {
  const Value& value = value_of(object);
  for (auto member = value.MemberBegin(); member != value.MemberEnd(); ++member) {
    if (text_of(member->name) == name) return &json_of(member->value);
  }
  return nullptr;
}

Result<bool> decode_boolean(const Json& json, const Place& place) {
  if (!value_of(json).IsBool()) return wrong_type(place, "a boolean", json);
  return value_of(json).GetBool();
}

Result<std::string> decode_string(const Json& json, const Place& place) {
  if (!value_of(json).IsString()) return wrong_type(place, "a string", json);
  return std::string(text_of(value_of(json)));
}

Result<std::int64_t> decode_signed(const Json& json, const Place& place, std::int64_t lowest,
                                   std::int64_t highest) {
  const Value& value = value_of(json);
  if (!value.IsNumber()) return wrong_type(place, "an integer", json);
  if (value.IsInt64() && value.GetInt64() >= lowest && value.GetInt64() <= highest) {
    return value.GetInt64();
  }
  return wrong_number(place, std::to_string(lowest), std::to_string(highest), value);
}

Result<std::uint64_t> decode_unsigned(const Json& json, const Place& place, std::uint64_t highest) {
  const Value& value = value_of(json);
  if (!value.IsNumber()) return wrong_type(place, "an integer", json);
  if (value.IsUint64() && value.GetUint64() <= highest) return value.GetUint64();
  return wrong_number(place, "0", std::to_string(highest), value);
}

// ---- from tree to text -------------------------------------------------------------------------

struct Writer::Output {
  Buffer buffer;
  CompactWriter writer{buffer};
};

Writer::Writer() : output_(std::make_unique<Output>()) {}
Writer::~Writer() = default;

void Writer::start_object() {
  output_->writer.StartObject();
}

void Writer::end_object() {
  output_->writer.EndObject();
}

void Writer::start_array() {
  output_->writer.StartArray();
}

void Writer::end_array() {
  output_->writer.EndArray();
}

void Writer::null() {
  output_->writer.Null();
}

void Writer::boolean(bool value) {
  output_->writer.Bool(value);
}

void Writer::number(std::int64_t value) {
  output_->writer.Int64(value);
}

void Writer::number(std::uint64_t value) {
  output_->writer.Uint64(value);
}

void Writer::digits(std::string_view number) {
  output_->writer.RawValue(number.data(), number.size(), rapidjson::kNumberType);
}

void Writer::string(std::string_view text) {
  const auto write = [&](std::string_view valid) {
    output_->writer.String(valid.data(), static_cast<rapidjson::SizeType>(valid.size()));
  };
  if (is_utf8(text)) return write(text);
  write(with_replacements(text));
}

std::string Writer::text() const {
  return {output_->buffer.GetString(), output_->buffer.GetSize()};
}

std::string indented(const std::string& compact, char character, unsigned count) {
  rapidjson::StringStream stream(compact.c_str());
  Buffer buffer;
  PrettyWriter writer(buffer);
  writer.SetIndent(character, count);
  // kParseDefaultFlags keeps 64-bit integers exact, and we write no other numbers.
  Reader().Parse(stream, writer);
  return {buffer.GetString(), buffer.GetSize()};
}

// ---- for people ---------------------------------------------------------------------------------

namespace {

// The tree has only a mark for what is no 64-bit integer.
struct ValueWriter : CompactWriter {
  using Writer::Writer;
  bool Double(double) { return RawValue("...", 3, rapidjson::kNumberType); }
};

}  // namespace

std::optional<std::string> text_at(const Document& document, const std::string& pointer) {
  const Pointer place(pointer.c_str(), pointer.size());
  const Value* value = place.IsValid() ? place.Get(value_of(document.root())) : nullptr;
  if (value == nullptr) return std::nullopt;
  Buffer buffer;
  ValueWriter writer(buffer);
  value->Accept(writer);
  return std::string(buffer.GetString(), buffer.GetSize());
}

}  // namespace tare::oci
