"""A RabbitMQ node that speaks TLS too, with a certificate that may be exchanged while it runs."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.certificates import HOST, Authority
from tests.servers.ports import free_port
from tests.servers.rabbit import RabbitNode


class SecureNode(RabbitNode):
    """A broker with a second door, for those who speak TLS, and a certificate that may be exchanged."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.authority = Authority(folder)
        self.secure_port = free_port()
        self._certificate, self._key = folder / "certificate.pem", folder / "key.pem"
        self.authority.vouch(self._certificate, self._key)
        files = {"cacertfile": self.authority.file, "certfile": self._certificate, "keyfile": self._key}
        options = "\n".join(f"ssl_options.{name} = {path}" for name, path in files.items())
        super().__init__(folder, configuration=f"listeners.ssl.1 = {HOST}:{self.secure_port}\n{options}")

    def secure_url(self, url: str) -> str:
        """The same address by the other door."""
        return url.replace("amqp://", "amqps://").replace(f":{self.port}/", f":{self.secure_port}/")

    def shown(self) -> str:
        """The certificate that it shows."""
        return ssl.get_server_certificate((HOST, self.secure_port))

    def exchange_certificate(self) -> None:
        """A new one, of the same authority."""
        self.authority.vouch(self._certificate, self._key)
        self.rabbitmqctl("eval", "ssl:clear_pem_cache().")


@contextmanager
def a_secure_node(folder: Path) -> Iterator[SecureNode]:
    """Such a node, which runs during the block."""
    node = SecureNode(folder)
    try:
        node.start()
        yield node
    finally:
        node.discard()
