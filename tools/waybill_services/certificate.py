"""A certificate for loopback, signed by itself."""

import subprocess


def make_certificate(directory):
    """Writes `server.pem` (certificate) and `server.key` (PKCS #8) and gives both paths."""
    certificate, key = directory / "server.pem", directory / "server.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    return certificate, key
