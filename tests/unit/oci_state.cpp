// SPDX-License-Identifier: Apache-2.0
#include "oci/output/state.h"

#include <doctest/doctest.h>

using namespace tare::oci;

namespace {

State running() {
  State state;
  state.ociVersion = "1.3.0";
  state.id = "web";
  state.pid = 4242;
  state.status = "running";
  state.bundle = "/srv/web";
  state.rootfs = "/srv/web/rootfs";
  state.created = "2026-11-24T10:00:00.123456789Z";
  return state;
}

}  // namespace

TEST_CASE("state is told in the shape that callers of runc parse, byte for byte") {
  State state = running();
  state.annotations = {{"com.example/key", "va\"lue"}};
  CHECK(encode_state(state) ==
        "{\n"
        "  \"ociVersion\": \"1.3.0\",\n"
        "  \"id\": \"web\",\n"
        "  \"pid\": 4242,\n"
        "  \"status\": \"running\",\n"
        "  \"bundle\": \"/srv/web\",\n"
        "  \"rootfs\": \"/srv/web/rootfs\",\n"
        "  \"created\": \"2026-11-24T10:00:00.123456789Z\",\n"
        "  \"annotations\": {\n"
        "    \"com.example/key\": \"va\\\"lue\"\n"
        "  },\n"
        "  \"owner\": \"\"\n"
        "}");
}

TEST_CASE("a stopped container without annotations has pid 0 and no annotations key") {
  State state = running();
  state.pid = 0;
  state.status = "stopped";
  CHECK(encode_state(state) ==
        "{\n"
        "  \"ociVersion\": \"1.3.0\",\n"
        "  \"id\": \"web\",\n"
        "  \"pid\": 0,\n"
        "  \"status\": \"stopped\",\n"
        "  \"bundle\": \"/srv/web\",\n"
        "  \"rootfs\": \"/srv/web/rootfs\",\n"
        "  \"created\": \"2026-11-24T10:00:00.123456789Z\",\n"
        "  \"owner\": \"\"\n"
        "}");
}

TEST_CASE("hooks get one line with plain slashes and only what the spec names") {
  State state = running();
  state.annotations = {{"a/b", "c"}};
  CHECK(encode_state_compact(state) ==
        R"({"ociVersion":"1.3.0","id":"web","status":"running","pid":4242,)"
        R"("bundle":"/srv/web","annotations":{"a/b":"c"}})");
}

TEST_CASE("an agent gets the container's state and the process that it answers for") {
  State state = running();
  state.status = "creating";
  CHECK(encode_process_state(state, 7, "m") ==
        R"({"ociVersion":"1.3.0","fds":["seccompFd"],"pid":7,"metadata":"m","state":)" +
            encode_state_compact(state) + "}");
  CHECK(encode_process_state(state, 7, "").find("metadata") == std::string::npos);
}

TEST_CASE("a hook after the end gets no pid") {
  State state = running();
  state.pid = 0;
  state.status = "stopped";
  CHECK(encode_state_compact(state) ==
        R"({"ociVersion":"1.3.0","id":"web","status":"stopped","bundle":"/srv/web"})");
}

TEST_CASE("a list is one line, an empty one is []") {
  CHECK(encode_list({}) == "[]\n");
  State state = running();
  state.owner = "root";
  CHECK(encode_list({state, state}).find("\n") == encode_list({state, state}).size() - 1);
  CHECK(encode_list({state}) ==
        R"([{"ociVersion":"1.3.0","id":"web","pid":4242,"status":"running","bundle":"/srv/web",)"
        R"("rootfs":"/srv/web/rootfs","created":"2026-11-24T10:00:00.123456789Z","owner":"root"}])"
        "\n");
}

TEST_CASE("a path that is not UTF-8 leaves the state valid JSON") {
  State state = running();
  state.rootfs = "/srv/\xFFx";
  CHECK(encode_state(state).find("\"/srv/\xEF\xBF\xBDx\"") != std::string::npos);
}

TEST_CASE("control characters are escaped") {
  State state = running();
  state.annotations = {{"k", std::string("\n\x01")}};
  CHECK(encode_state_compact(state).find(R"({"k":"\n\u0001"})") != std::string::npos);
}
