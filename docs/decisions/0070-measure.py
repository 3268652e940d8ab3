#!/usr/bin/env python3
"""What Debian 12's cpp-httplib does with requests that never end: prints the figures of decision 0070.

Needs g++, apt and 3 GB of memory; takes half a minute. The package is unpacked into a temporary folder, not installed.
"""

import pathlib
import socket
import subprocess
import tempfile
import time

PORT = 18080
SERVER = """
#include <httplib.h>
int main() {
  httplib::Server server;
  server.set_payload_max_length(1 << 20);
  server.new_task_queue = [] { return new httplib::ThreadPool(8); };
  server.Get("/livez", [](const httplib::Request&, httplib::Response& answer) { answer.set_content("ok", "text/plain"); });
  server.Post("/act", [](const httplib::Request&, httplib::Response&) {});
  server.listen("127.0.0.1", %d);
}
""" % PORT


def build(folder):
    """The server's process."""
    subprocess.run(["apt-get", "download", "-qq", "libcpp-httplib-dev", "libcpp-httplib0.11"], cwd=folder, check=True)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
    (folder / "server.cpp").write_text(SERVER)
    libraries = folder / "usr/lib/x86_64-linux-gnu"
    subprocess.run(["g++", "-O1", f"-I{folder}/usr/include", "server.cpp", "-o", "server", f"-L{libraries}", "-lcpp-httplib",
                    f"-Wl,-rpath,{libraries}", "-lpthread"], cwd=folder, check=True)
    return subprocess.Popen([folder / "server"])


def memory_mb(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) // 1000


def connect():
    return socket.create_connection(("127.0.0.1", PORT), timeout=3)


def flood(begin, part, seconds=4):
    """Sends the part again and again, or until the other side ends that."""
    deadline = time.monotonic() + seconds
    with connect() as connection:
        try:
            connection.sendall(begin)
            while time.monotonic() < deadline:
                connection.sendall(part)
        except OSError:
            return


def is_answered():
    with connect() as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        try:
            return connection.recv(20).startswith(b"HTTP")
        except OSError:
            return False


def main():
    with tempfile.TemporaryDirectory() as name:
        server = build(pathlib.Path(name))
        try:
            time.sleep(1)
            print(f"at rest: {memory_mb(server)} MB")
            # Names that differ: as many fields as are sent.
            flood(b"GET /livez HTTP/1.1\r\n", b"".join(b"x%d: %s\r\n" % (n, b"a" * 900) for n in range(1000)))
            print(f"after 4 s of headers: {memory_mb(server)} MB")
            flood(b"POST /act HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"b" * 65536 + b"\r\n")
            print(f"after 4 s of a chunked body, limit 1 MiB: {memory_mb(server)} MB")
            slow = [connect() for _ in range(8)]
            for one in slow:
                one.sendall(b"GET /livez HTTP/1.1\r\n")
            time.sleep(0.3)
            print(f"beside 8 slow clients /livez is {'' if is_answered() else 'not '}answered within 3 s")
        finally:
            server.kill()
            server.wait()


if __name__ == "__main__":
    main()
