"""A private PostgreSQL server."""

import os
import secrets
import shutil
import signal
import tempfile
import time
from pathlib import Path

from .account import unprivileged
from .leftovers import end_marked
from .ports import free_port
from .service import Service

# What a folder of Unix sockets may be long: sun_path holds 107 characters with the socket's own name.
_SOCKET_FOLDER = 80


def _binaries():
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    raise RuntimeError("PostgreSQL's server is not installed: run `make setup`")


class PostgreSQL(Service):
    """PostgreSQL with fsync on, listening on loopback and on a Unix socket. The superuser has a random password."""

    user = "postgres"

    def __init__(self, directory=None, settings=None, name="postgresql"):
        super().__init__(name, directory)
        self.port = free_port()
        self.password = secrets.token_hex(8)
        self.settings = dict(settings or {})
        self.data = self.directory / "data"
        self.binaries = _binaries()
        self.sockets = self.directory / "socket"
        self._short_sockets = len(str(self.sockets)) > _SOCKET_FOLDER

    def start(self):
        if not self.data.exists():
            self._create()
        command = [*self._prefix(), self.binaries / "postgres", "-D", self.data]
        for setting, value in self.settings.items():
            command += ["-c", f"{setting}={value}"]
        for _ in range(50):
            self.process = self.spawn(command)
            try:
                self.wait_ready(self._ready)
                return self
            except RuntimeError:
                # Sessions of a server that was killed hold its shared memory for a moment longer.
                if "is still in use" not in self.tail():
                    raise
                time.sleep(0.2)
        raise RuntimeError(f"{self.name}: the killed server's shared memory stays in use")

    def stop(self):
        """A fast shutdown: open sessions are ended, everything is flushed."""
        self.end(signal.SIGINT)
        if self._short_sockets:
            shutil.rmtree(self.sockets, ignore_errors=True)

    def kill(self):
        """SIGKILL to the server and all its sessions at once; start() recovers."""
        if self.alive():
            children = self._children()
            self.process.kill()
            for child in children:
                try:
                    os.kill(child, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.process.wait()
        self.process = None
        end_marked(self.directory)

    def restart(self):
        self.stop()
        return self.start()

    def url(self, database="postgres", port=None, password=None, user=None):
        return (f"postgresql://{user or self.user}:{password or self.password}@127.0.0.1:{port or self.port}/{database}")

    def psql(self, sql, database="postgres"):
        """Runs SQL as the superuser and gives the rows, unaligned."""
        return self.run([self.binaries / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", self.url(database)], text=sql)

    def tool(self, name, *arguments, text=None):
        """Runs one of the server's client tools, for example pg_dump, and gives its output."""
        return self.run([self.binaries / name, *arguments], text=text)

    def _create(self):
        if self._short_sockets:
            self.sockets = Path(tempfile.mkdtemp(prefix="waybill-pg-", dir="/tmp"))
        self.sockets.mkdir(exist_ok=True)
        self.data.mkdir(mode=0o700)
        password = self.directory / "password"
        password.write_text(self.password)
        self.run([*self._prefix(), self.binaries / "initdb", "-D", self.data, "-U", self.user, "--no-sync", "-E", "UTF8",
                  "--locale=C.UTF-8", "--auth-host=scram-sha-256", "--auth-local=trust", f"--pwfile={password}"])
        password.unlink()
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as configuration:
            configuration.write(f"listen_addresses = '127.0.0.1'\nport = {self.port}\n"
                                f"unix_socket_directories = '{self.sockets}'\nfsync = on\nmax_connections = 150\n"
                                "shared_buffers = 128MB\nlog_checkpoints = off\n")

    def _prefix(self):
        if self.sockets.exists() and self._short_sockets:
            unprivileged(self.sockets)
        return unprivileged(self.directory)

    def _ready(self):
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        # A file of a killed server may still be there: the first line must be this server's id.
        return len(lines) > 7 and int(lines[0]) == self.process.pid and lines[7].strip() == "ready"

    def _children(self):
        children = []
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                if int(fields[1]) == self.process.pid:
                    children.append(int(entry))
        return children
