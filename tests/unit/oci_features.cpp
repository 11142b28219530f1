// SPDX-License-Identifier: Apache-2.0
#include "oci/output/features.h"

#include <doctest/doctest.h>

#include "oci/json/fields.h"

using namespace tare::oci;

namespace {

FeatureFacts facts() {
  FeatureFacts facts;
  facts.mount_options = {"rro", "bind", "ro"};
  facts.capabilities = {"CAP_CHOWN", "CAP_DAC_OVERRIDE"};
  facts.cgroup_v1 = facts.cgroup_v2 = facts.rdma = facts.seccomp = true;
  facts.annotations = {{"io.tare.version", "0.1.0"}};
  facts.unsafe_annotations = {"org.example."};
  return facts;
}

bool says(const std::string& document, const std::string& part) {
  return document.find(part) != std::string::npos;
}

// {"NAME": {"enabled": BOOL in the indentation of `linux`.
std::string toggle(const std::string& name, bool enabled) {
  return "        \"" + name + "\": {\n            \"enabled\": " + (enabled ? "true" : "false");
}

}  // namespace

TEST_CASE("features begin with the versions and are indented by four spaces") {
  const std::string document = features_json(facts());
  CHECK(
      document.starts_with("{\n"
                           "    \"ociVersionMin\": \"1.0.0\",\n"
                           "    \"ociVersionMax\": \"1.3.0\",\n"
                           "    \"hooks\": [\n"
                           "        \"prestart\",\n"
                           "        \"createRuntime\",\n"
                           "        \"createContainer\",\n"
                           "        \"startContainer\",\n"
                           "        \"poststart\",\n"
                           "        \"poststop\"\n"
                           "    ],\n"
                           "    \"mountOptions\": [\n"
                           "        \"bind\",\n"
                           "        \"ro\",\n"
                           "        \"rro\"\n"
                           "    ],\n"
                           "    \"linux\": {\n"
                           "        \"namespaces\": [\n"
                           "            \"cgroup\",\n"
                           "            \"ipc\",\n"
                           "            \"mount\",\n"
                           "            \"network\",\n"
                           "            \"pid\",\n"
                           "            \"time\",\n"
                           "            \"user\",\n"
                           "            \"uts\"\n"
                           "        ],\n"
                           "        \"capabilities\": [\n"
                           "            \"CAP_CHOWN\",\n"
                           "            \"CAP_DAC_OVERRIDE\"\n"
                           "        ],\n"
                           "        \"cgroup\": {\n"
                           "            \"v1\": true,\n"
                           "            \"v2\": true,\n"
                           "            \"systemd\": false,\n"
                           "            \"systemdUser\": false,\n"
                           "            \"rdma\": true\n"
                           "        },\n"
                           "        \"seccomp\": {\n"
                           "            \"enabled\": true,\n"
                           "            \"actions\": [\n"
                           "                \"SCMP_ACT_ALLOW\",\n"));
}

TEST_CASE("features end with what concerns this build and with a newline") {
  CHECK(
      features_json(facts()).ends_with("    },\n"
                                       "    \"annotations\": {\n"
                                       "        \"io.tare.version\": \"0.1.0\"\n"
                                       "    },\n"
                                       "    \"potentiallyUnsafeConfigAnnotations\": [\n"
                                       "        \"org.example.\"\n"
                                       "    ]\n"
                                       "}\n"));
}

TEST_CASE("features say of each property whether it is carried out") {
  const std::string document = features_json(facts());
  CHECK(says(document, toggle("apparmor", carried_out<Process, &Process::apparmorProfile>())));
  CHECK(says(document, toggle("selinux", carried_out<Process, &Process::selinuxLabel>())));
  CHECK(says(document, toggle("intelRdt", carried_out<Linux, &Linux::intelRdt>())));
  CHECK(says(document, toggle("netDevices", carried_out<Linux, &Linux::netDevices>())));
  CHECK(says(document, "\"memoryPolicy\"") == carried_out<Linux, &Linux::memoryPolicy>());
  const std::string idmap = std::string("\"idmap\": {\n                \"enabled\": ") +
                            (carried_out<Mount, &Mount::uidMappings>() ? "true" : "false");
  CHECK(says(document, idmap));
}

TEST_CASE("notifications are a feature only with a listener") {
  const bool listener = carried_out<Seccomp, &Seccomp::listenerPath>();
  const std::string document = features_json(facts());
  CHECK(says(document, "SCMP_ACT_NOTIFY") == listener);
  const std::size_t supported = document.find("supportedFlags");
  CHECK(says(document.substr(0, supported), "WAIT_KILLABLE_RECV"));
  CHECK(says(document.substr(supported), "WAIT_KILLABLE_RECV") == listener);
}

TEST_CASE("every name that a document may use is a feature") {
  const std::string document = features_json(facts());
  for (const auto& arch : Names<SeccompArch>::table) {
    CHECK(says(document, '"' + std::string(arch.name) + '"'));
  }
  for (const auto& entry : Names<SeccompOperator>::table) {
    CHECK(says(document, '"' + std::string(entry.name) + '"'));
  }
}

TEST_CASE("without seccomp no action is a feature") {
  FeatureFacts none = facts();
  none.seccomp = false;
  CHECK(says(features_json(none), toggle("seccomp", false)));
  CHECK(!says(features_json(none), "SCMP_ACT_ALLOW"));
}
