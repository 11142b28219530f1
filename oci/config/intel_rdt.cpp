// SPDX-License-Identifier: Apache-2.0
#include "oci/config/intel_rdt.h"

#include "base/text.h"
#include "oci/config/rules.h"

namespace tare::oci {

namespace {

// config-linux.md, "IntelRdt": the name of one directory of resctrl, or "/" for its root.
void class_name(const IntelRdt& rdt, const Place& place, Problems& problems) {
  const std::string& id = rdt.closID;
  if (id == "/") return;
  if (id == "." || id == ".." || id.find('/') != std::string::npos || has_control_character(id)) {
    problems.add(Place(place, "closID"), quote(id) + " is not a valid directory name");
  }
}

// config-linux.md, "IntelRdt": one line each; the memory bandwidth starts with "MB:".
void schemata_lines(const IntelRdt& rdt, const Place& place, Problems& problems) {
  const auto check_line = [&](const std::string& line, const Place& where) {
    if (line.find('\n') != std::string::npos) problems.add(where, "must be one line");
  };
  check_line(rdt.l3CacheSchema, Place(place, "l3CacheSchema"));
  check_line(rdt.memBwSchema, Place(place, "memBwSchema"));
  const Place schemata(place, "schemata");
  for (std::size_t i = 0; i < rdt.schemata.size(); ++i) {
    check_line(rdt.schemata[i], Place(schemata, i));
  }
  if (!rdt.memBwSchema.empty() && !rdt.memBwSchema.starts_with("MB:")) {
    problems.add(Place(place, "memBwSchema"), "must begin with MB:, is " + quote(rdt.memBwSchema));
  }
}

}  // namespace

void check(const IntelRdt& rdt, const Place& place, Problems& problems) {
  class_name(rdt, place, problems);
  schemata_lines(rdt, place, problems);
}

}  // namespace tare::oci
