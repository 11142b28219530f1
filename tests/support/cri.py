# SPDX-License-Identifier: Apache-2.0
"""A client of the Container Runtime Interface, with what kubelet asks of it: calls, streams, pods and containers."""

import base64
import ctypes
import json
import os
import re
import socket
import struct
import subprocess
import threading
from pathlib import Path

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from . import kernel

PROTOCOL = Path(__file__).with_name("cri.proto")
# NamespaceMode
POD, CONTAINER, NODE, TARGET = range(4)
# ContainerState
CREATED, RUNNING, EXITED = range(3)


def _services(place):
    """{"RunPodSandbox": (path, class of the request, class of the response)} of every call in cri.proto."""
    compiled = Path(place) / "cri.descriptors"
    subprocess.run(["protoc", f"--proto_path={PROTOCOL.parent}", f"--descriptor_set_out={compiled}", PROTOCOL.name], check=True)
    pool = descriptor_pool.DescriptorPool()
    (file,) = descriptor_pb2.FileDescriptorSet.FromString(compiled.read_bytes()).file
    pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    found = {}
    for service in pool.FindFileByName(PROTOCOL.name).services_by_name.values():
        for method in service.methods:
            classes = map(factory.GetPrototype, (method.input_type, method.output_type))
            found[method.name] = (f"/{service.full_name}/{method.name}", *classes)
    return found


def _answers(address):
    with socket.socket(socket.AF_UNIX) as one:
        return one.connect_ex(address) == 0


class Client:
    """Each call of the protocol is a method: client.StopContainer(container_id=name, timeout=1)."""

    def __init__(self, address, place):
        self._services = _services(place)
        kernel.eventually(lambda: _answers(address), seconds=30, pause=0.05)  # grpc itself would try again after seconds
        self._channel = grpc.insecure_channel(f"unix:{address}")
        kernel.eventually(self._is_ready, seconds=30, pause=0.05)

    def __getattr__(self, name):
        path, request, response = self._services[name]
        call = self._channel.unary_unary(path, request.SerializeToString, response.FromString)
        return lambda **fields: call(request(**fields), timeout=60)

    def _is_ready(self):
        try:
            return self.Version() is not None
        except grpc.RpcError:  # "server is not initialized yet"
            return False

    def close(self):
        self._channel.close()


class Pod:
    """A pod sandbox. `namespaces` are its and its containers' NamespaceOption, `security` is more of its security context,
    and `linux` and `config` more fields of LinuxPodSandboxConfig and PodSandboxConfig."""

    def __init__(self, client, handler, name, logs, namespaces=None, security=None, linux=None, **config):
        self.client, self.handler, self.name, self.logs = client, handler, name, logs
        self._namespaces = {"pid": CONTAINER, **(namespaces or {})}  # as kubelet has it by default
        self.config = {
            "metadata": {"name": name, "uid": name, "namespace": "default"},
            "hostname": name,
            "log_directory": str(logs),
            "linux": {"security_context": self._security(security), **(linux or {})},
            **config,
        }
        self.id = client.RunPodSandbox(config=self.config, runtime_handler=handler).pod_sandbox_id

    def status(self, **fields):
        return self.client.PodSandboxStatus(pod_sandbox_id=self.id, **fields)

    @property
    def pid(self):
        return json.loads(self.status(verbose=True).info["info"])["pid"]

    def create(self, image, name, *command, security=None, resources=None, **config):
        """A container that is created and not started."""
        config = {
            "metadata": {"name": name},
            "image": {"image": image},
            "command": command,
            "log_path": f"{name}.log",
            "linux": {"security_context": self._security(security), "resources": resources or {}},
            **config,
        }
        answer = self.client.CreateContainer(pod_sandbox_id=self.id, config=config, sandbox_config=self.config)
        return Container(self, answer.container_id, self.logs / f"{name}.log")

    def _security(self, more):
        return {"namespace_options": self._namespaces, **(more or {})}

    def remove(self):
        """As kubelet does: every container of it ends then."""
        self.client.StopPodSandbox(pod_sandbox_id=self.id)
        self.client.RemovePodSandbox(pod_sandbox_id=self.id)


class Container:
    def __init__(self, pod, name, log):
        self.pod, self.client, self.id, self._log = pod, pod.client, name, log

    def start(self):
        self.client.StartContainer(container_id=self.id)
        return self

    def stop(self, seconds):
        self.client.StopContainer(container_id=self.id, timeout=seconds)

    def remove(self):
        self.client.RemoveContainer(container_id=self.id)

    def status(self):
        return self.client.ContainerStatus(container_id=self.id).status

    def has_exited(self):
        return self.status().state == EXITED

    @property
    def pid(self):
        return json.loads(self.client.ContainerStatus(container_id=self.id, verbose=True).info["info"])["pid"]

    def run(self, *command, seconds=0):
        """ExecSync: (exit code, standard output, standard error)."""
        answer = self.client.ExecSync(container_id=self.id, cmd=command, timeout=seconds)
        return answer.exit_code, answer.stdout.decode(), answer.stderr.decode()

    def log(self):
        """[(stream, text)] of its log; each line has a time, the stream, F for a full line or P for a part, and text."""
        lines = [re.fullmatch(r"\d{4}-\d\d-\d\dT\S+ (stdout|stderr) [FP] (.*)", line) for line in self._log.read_text().splitlines()]
        assert all(lines), self._log.read_text()
        return [line.groups() for line in lines]


# ---- Exec and Attach: the answer names an address, to which one connects by WebSocket ------------

STDIN, STDOUT, STDERR, ERROR, RESIZE = range(5)  # channels of v4.channel.k8s.io


class Stream:
    """A connection to the address that Exec or Attach gave, within the network namespace of process `pid`."""

    def __init__(self, url, pid):
        host, port, path = re.fullmatch(r"http://([\d.]+):(\d+)(/.*)", url).groups()
        self._socket = socket_within(pid)
        self._socket.settimeout(20)
        self._socket.connect((host, int(port)))
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}", "Connection: Upgrade", "Upgrade: websocket",
                 "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Protocol: v4.channel.k8s.io"]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self._file = self._socket.makefile("rb")
        self.answer = self._file.readline().decode().strip()
        while self._file.readline() not in (b"\r\n", b""):
            pass
        assert " 101 " in self.answer, self.answer

    def send(self, channel, content):
        """A binary frame, masked as RFC 6455 has it of clients; a mask of zeroes leaves the content as it is."""
        content = bytes([channel]) + content.encode()
        assert len(content) < 126
        self._socket.sendall(bytes([0x82, 0x80 | len(content)]) + bytes(4) + content)

    def received(self):
        """{channel: text} of all that comes until the other side closes."""
        found = dict.fromkeys((STDOUT, STDERR, ERROR), b"")
        while (frame := self._frame()) is not None:
            if frame:
                found[frame[0]] += frame[1:]
        return {channel: content.decode() for channel, content in found.items()}

    def close(self):
        self._file.close()
        self._socket.close()

    def _frame(self):
        head = self._file.read(2)
        if len(head) < 2 or head[0] & 0xF == 8:  # close
            return None
        length = head[1] & 0x7F
        if length >= 126:
            form = "!H" if length == 126 else "!Q"
            (length,) = struct.unpack(form, self._file.read(struct.calcsize(form)))
        return self._file.read(length)


def exit_code(status):
    """Of the status that the channel for errors carries."""
    status = json.loads(status)
    if status["status"] == "Success":
        return 0
    (cause,) = status["details"]["causes"]
    return int(cause["message"])


def socket_within(pid):
    """A socket belongs to the network namespace of the thread that makes it."""
    made = []

    def make():
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/proc/{pid}/ns/net") as namespace:
            assert libc.setns(namespace.fileno(), 0x40000000) == 0, os.strerror(ctypes.get_errno())
        made.append(socket.socket(socket.AF_INET, socket.SOCK_STREAM))

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    return made[0]
