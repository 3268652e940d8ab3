"""A private MariaDB server."""

import secrets
import shutil
import signal
import socket
import tempfile
from pathlib import Path

from .account import unprivileged
from .ports import free_port
from .service import Service

# What a Unix socket's path may be long.
_SOCKET_PATH = 100


def _program(name):
    for folder in ("/usr/sbin", "/usr/bin"):
        if (Path(folder) / name).exists():
            return Path(folder) / name
    found = shutil.which(name)
    if found:
        return Path(found)
    raise RuntimeError("MariaDB's server is not installed: run `make setup`")


class MariaDB(Service):
    """MariaDB, each commit flushed to the disk, listening on loopback. The user `waybill` has a random password."""

    user = "waybill"

    def __init__(self, directory=None, name="mariadb", settings=None):
        super().__init__(name, directory)
        self.settings = dict(settings or {})
        self.port = free_port()
        self.password = secrets.token_hex(8)
        self.data = self.directory / "data"
        self.socket = self.directory / "mariadb.sock"
        self._sockets = None
        if len(str(self.socket)) > _SOCKET_PATH:
            self._sockets = Path(tempfile.mkdtemp(prefix="waybill-maria-", dir="/tmp"))
            self.socket = self._sockets / "mariadb.sock"

    def start(self):
        if not self.data.exists():
            self._create()
        command = [*self._prefix(), _program("mariadbd"), "--no-defaults", f"--datadir={self.data}",
                   f"--port={self.port}", "--bind-address=127.0.0.1", f"--socket={self.socket}",
                   f"--pid-file={self.directory / 'mariadb.pid'}", "--innodb-flush-log-at-trx-commit=1",
                   "--innodb-buffer-pool-size=128M", "--max-allowed-packet=64M", "--max-connections=150",
                   f"--init-file={self._rights()}", *(f"--{name}={value}" for name, value in self.settings.items())]
        self.process = self.spawn(command)
        self.wait_ready(self._ready)
        return self

    def stop(self):
        self.end(signal.SIGTERM)
        if self._sockets:
            shutil.rmtree(self._sockets, ignore_errors=True)

    def url(self, database="test", port=None):
        return f"mysql://{self.user}:{self.password}@127.0.0.1:{port or self.port}/{database}"

    def sql(self, text, database=""):
        """Runs SQL and gives the rows, unaligned."""
        return self.run([_program("mariadb"), "--no-defaults", "-h127.0.0.1", f"-P{self.port}", f"-u{self.user}",
                         f"-p{self.password}", "-NB", *([database] if database else [])], text=text)

    def _create(self):
        if self._sockets:
            self._sockets.chmod(0o777)
        self.data.mkdir(mode=0o700)
        self.run([*self._prefix(), _program("mariadb-install-db"), "--no-defaults", f"--datadir={self.data}",
                  "--auth-root-authentication-method=normal", "--skip-test-db"])

    def _rights(self):
        file = self.directory / "rights.sql"
        file.write_text(f"CREATE USER IF NOT EXISTS '{self.user}'@'%' IDENTIFIED BY '{self.password}';\n"
                        f"GRANT ALL ON *.* TO '{self.user}'@'%';\nDROP USER IF EXISTS 'root'@'localhost';\n"
                        "CREATE DATABASE IF NOT EXISTS test;\n")
        return file

    def _prefix(self):
        return unprivileged(self.directory)

    def _ready(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                return len(connection.recv(5)) == 5
        except OSError:
            return False
