// SPDX-License-Identifier: Apache-2.0
// notify listen SOCKET: prints what arrives at SOCKET, as a service manager would read it.
// notify TEXT: sends TEXT to the socket that NOTIFY_SOCKET names, sd_notify(3).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int count, char** words) {
  const int listens = count == 3;
  const char* path = listens ? words[2] : getenv("NOTIFY_SOCKET");
  if (count < 2 || path == NULL) return 2;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  const int end = socket(AF_UNIX, SOCK_DGRAM, 0);
  int failed = listens ? bind(end, (void*)&address, sizeof address) : connect(end, (void*)&address, sizeof address);
  if (!failed && !listens) failed = write(end, words[1], strlen(words[1])) < 0;
  if (failed) {
    perror(path);
    return 1;
  }
  char text[4096];
  for (ssize_t size; listens && (size = read(end, text, sizeof text)) > 0; fflush(stdout)) {
    printf("%.*s%s", (int)size, text, text[size - 1] == '\n' ? "" : "\n");
  }
}
