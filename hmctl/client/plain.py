"""Connections in the clear, which lead to this machine only: a call ends at its deadline, however bytes drip."""

from collections.abc import Iterable
from typing import Any, Final

import httpcore
import httpx

from hmctl.client.channel import CertificateRefused, Channel

_PIECE: Final = 64 * 1024


class PlainTransport(httpx.HTTPTransport):
    """Direct connections whose reads and writes stop at the limit of the channel."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(verify=channel.context, trust_env=False)
        self._pool = httpcore.ConnectionPool(network_backend=_Backend(channel))


class _Backend(httpcore.SyncBackend):
    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        stream = super().connect_tcp(host, port, timeout, local_address, socket_options)
        try:
            self._channel.check_place(stream.get_extra_info("server_addr"))
        except CertificateRefused as problem:
            stream.close()
            raise httpcore.ConnectError from problem
        return _Stream(stream, self._channel)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, channel: Channel) -> None:
        self._stream = stream
        self._channel = channel

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            return self._stream.read(max_bytes, self._channel.shortened(timeout))
        except TimeoutError:
            raise httpcore.ReadTimeout from None

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            for start in range(0, len(buffer), _PIECE):
                self._stream.write(buffer[start : start + _PIECE], self._channel.shortened(timeout))
        except TimeoutError:
            raise httpcore.WriteTimeout from None

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
