"""A private pgbouncer in front of a PostgreSQL server."""

import shutil
import signal

from .account import unprivileged
from .ports import accepts, free_port
from .service import Service


class PgBouncer(Service):
    """A pooler in transaction mode, which Waybill has to refuse."""

    def __init__(self, server, mode="transaction", name="pgbouncer"):
        super().__init__(name)
        self.server = server
        self.mode = mode
        self.port = free_port()

    def start(self):
        program = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
        if program is None:
            raise RuntimeError("pgbouncer is not installed: run `make setup`")
        users = self.directory / "users.txt"
        users.write_text(f'"{self.server.user}" "{self.server.password}"\n')
        configuration = self.directory / "pgbouncer.ini"
        configuration.write_text(
            f"[databases]\n* = host=127.0.0.1 port={self.server.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {self.port}\nunix_socket_dir =\nauth_type = plain\nauth_file = {users}\n"
            f"pool_mode = {self.mode}\ndefault_pool_size = 5\nignore_startup_parameters = extra_float_digits,options\n")
        self.process = self.spawn([*unprivileged(self.directory), program, configuration])
        self.wait_ready(lambda: accepts(self.port))
        return self

    def stop(self):
        self.end(signal.SIGTERM, 5)

    def url(self, database):
        return self.server.url(database, port=self.port)
