"""A private Redis server."""

import secrets
import shutil
import signal
import socket
from pathlib import Path

from .account import unprivileged
from .ports import free_port
from .service import Service


def program(name):
    found = shutil.which(name)
    if not found:
        raise RuntimeError(f"{name} is not installed: run `make setup`")
    return Path(found)


class Redis(Service):
    """Redis, each write on the disk before it is answered, listening on loopback, with a random password."""

    def __init__(self, directory=None, name="redis", settings=None):
        super().__init__(name, directory)
        self.port = free_port()
        self.password = secrets.token_hex(8)
        self.data = self.directory / "data"
        self.settings = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction", "save": "",
                         "repl-diskless-sync-delay": "0", "shutdown-timeout": "0", "set-proc-title": "no",
                         "databases": "10000", **(settings or {})}

    def start(self):
        self.data.mkdir(mode=0o700, exist_ok=True)
        file = self.directory / "redis.conf"
        lines = {"port": self.port, "bind": "127.0.0.1", "dir": self.data, "requirepass": self.password,
                 "masterauth": self.password, "daemonize": "no", **self.settings}
        file.write_text("".join(f'{name} "{value}"\n' for name, value in lines.items()))
        prefix = unprivileged(self.directory)
        self.process = self.spawn([*prefix, program("redis-server"), file])
        self.wait_ready(self._ready)
        return self

    def stop(self):
        self.end(signal.SIGTERM)

    def discard(self):
        # It would first write its file to the end, for nothing.
        self.kill()

    def url(self, database=0, port=None):
        return f"redis://:{self.password}@127.0.0.1:{port or self.port}/{database}"

    def command(self, *words, database=0):
        """Runs one command and gives what redis-cli prints."""
        return self.run([program("redis-cli"), "-h", "127.0.0.1", "-p", str(self.port), "-n", str(database),
                         "--no-auth-warning", "-a", self.password, *map(str, words)])

    def _ready(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while b"PONG" not in answer and (part := connection.recv(100)):
                    answer += part
                return answer.startswith(b"+OK") and b"+PONG" in answer
        except OSError:
            return False
