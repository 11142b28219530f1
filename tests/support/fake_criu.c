// SPDX-License-Identifier: Apache-2.0
//
// Speaks CRIU's protocol and dumps nothing, for hosts on which CRIU does not work:
//
//   criu swrk SOCKET
//
// Answers one request of a dump as $FAKE_CRIU says:
//
//   dump      the dump has succeeded: there is a file `dumped` with the images, and the process is killed, unless it
//             is to run on (the default)
//   refuse    the dump has failed with EBUSY
//   garbage   with something that is no answer
//   end       by ending
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// Fields of Options in runtime/criu/criu.proto.
enum { IMAGES = 1, PID = 2, LEAVE_RUNNING = 3, FIELDS };
static long options[FIELDS];

static uint64_t take_number(const uint8_t** at, const uint8_t* end) {
  uint64_t number = 0;
  for (int shift = 0; *at < end && shift < 64; shift += 7) {
    const uint8_t byte = *(*at)++;
    number |= (uint64_t)(byte & 0x7F) << shift;
    if (byte < 0x80) break;
  }
  return number;
}

// Of a request the options are field 2, and nothing else is a message.
static void take_fields(const uint8_t* at, const uint8_t* end, int is_request) {
  while (at < end) {
    const uint64_t tag = take_number(&at, end), value = take_number(&at, end);
    if ((tag & 7) != 2) {
      if (!is_request && tag >> 3 < FIELDS) options[tag >> 3] = (long)value;
      continue;
    }
    if (value > (uint64_t)(end - at)) exit(1);
    if (is_request && tag >> 3 == 2) take_fields(at, at + value, 0);
    at += value;
  }
}

static void dump(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/fd/%ld/dumped", getppid(), options[IMAGES]);
  const int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) exit(1);
  close(file);
  if (!options[LEAVE_RUNNING]) kill((pid_t)options[PID], SIGKILL);
}

int main(int argc, char** argv) {
  static const char succeeded[] = {8, 1, 16, 1};          // type DUMP, success
  static const char failed[] = {8, 1, 16, 0, 7 << 3, 16};  // and error EBUSY
  static uint8_t request[1 << 16];
  const char* wanted = getenv("FAKE_CRIU");
  if (argc < 3 || strcmp(argv[1], "swrk") != 0) return 1;
  const int socket = atoi(argv[2]);
  const ssize_t size = recv(socket, request, sizeof request, 0);
  if (size <= 0) return 1;
  take_fields(request, request + size, 1);
  if (wanted == NULL || strcmp(wanted, "dump") == 0) {
    dump();
    send(socket, succeeded, sizeof succeeded, MSG_NOSIGNAL);
  } else if (strcmp(wanted, "refuse") == 0) {
    send(socket, failed, sizeof failed, MSG_NOSIGNAL);
  } else if (strcmp(wanted, "garbage") == 0) {
    send(socket, "\xff\xff\xff", 3, MSG_NOSIGNAL);
  } else {
    return 1;
  }
  return recv(socket, request, sizeof request, 0) < 0;  // until the connection ends
}
