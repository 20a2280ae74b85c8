"""The channel, the authentication and the error details that main.py uses."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import grpc
from contact.v1 import contact_service_pb2_grpc
from grpc_status import rpc_status

SERVICE_CONFIG = Path(__file__).parent.parent / "service-config.json"


def connect(url: str) -> grpc.Channel:
    """Returns a channel to the service at an address such as http://127.0.0.1:8080.

    With https, the channel uses TLS.
    """
    address = urlsplit(url)
    target = os.environ.get("KITH_TARGET", f"dns:///{address.netloc}")
    options = [
        ("grpc.service_config", SERVICE_CONFIG.read_text()),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 1_000),
        ("grpc.max_reconnect_backoff_ms", 2_000),
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 5_000),
    ]
    if address.scheme == "https":
        return grpc.secure_channel(target, grpc.ssl_channel_credentials(), options)
    return grpc.insecure_channel(target, options)


class ServerKey(grpc.UnaryUnaryClientInterceptor):
    """Adds the Server-Key to every call."""

    def __init__(self, key: str):
        self.header = ("server-key", key)

    def intercept_unary_unary(self, continuation, details, request):
        metadata = [*(details.metadata or ()), self.header]
        return continuation(details._replace(metadata=metadata), request)


def create_stub(channel: grpc.Channel, server_key: str):
    intercepted = grpc.intercept_channel(channel, ServerKey(server_key))
    return contact_service_pb2_grpc.ContactServiceStub(intercepted)


def detail_of(error: grpc.RpcError, message):
    """Finds the detail with the type of the message and unpacks it into the message."""
    for detail in rpc_status.from_call(error).details:
        if detail.Unpack(message):
            return message
    raise error
