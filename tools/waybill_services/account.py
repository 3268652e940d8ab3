"""Running a server that refuses to be root."""

import os
import pwd
import shutil
import subprocess


def unprivileged(directory):
    """The command prefix under which a server runs that refuses to run as root: none for a normal user.

    As root it is `setpriv` to another account, which then owns `directory`.
    """
    if os.geteuid() != 0:
        return []
    account = _account()
    _give(directory, account)
    prefix = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    if subprocess.run([*prefix, "test", "-w", directory], check=False).returncode != 0:
        # A folder above is closed to the account, for example /root: let the server pass through it.
        prefix += ["--inh-caps=+dac_read_search,+dac_override", "--ambient-caps=+dac_read_search,+dac_override"]
    return prefix


def _account():
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("no account `postgres` or `nobody` to run a database server as")


def _give(directory, account):
    shutil.chown(directory, account.pw_uid, account.pw_gid)
    for parent, folders, files in os.walk(directory):
        for name in (*folders, *files):
            os.chown(os.path.join(parent, name), account.pw_uid, account.pw_gid, follow_symlinks=False)
