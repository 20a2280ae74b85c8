"""A client of Kith's REST API."""

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry, Timeout


class KithError(Exception):
    """A call failed. The fields are those of `error` in the response."""

    def __init__(self, status: int, code: str, message: str, field: str):
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field


class Client:
    def __init__(self, url: str, server_key: str):
        self.base = f"{url}/v1/server/contact"
        self.session = requests.Session()
        self.session.headers["Server-Key"] = server_key
        # Every call is safe to repeat, so POST may also be retried after a lost connection.
        retry = Retry(
            total=5,
            backoff_factor=0.1,
            backoff_max=2,
            allowed_methods=["POST"],
            status_forcelist=[429, 503],
            raise_on_status=False,
        )
        self.session.mount(url, HTTPAdapter(max_retries=retry))

    def call(self, name: str, body: dict, timeout: float = 10) -> dict:
        """Returns the data of the response. The timeout of an attempt is in seconds."""
        # A number would be a limit for each wait on the socket, not for the attempt.
        limit = Timeout(total=timeout)
        response = self.session.post(f"{self.base}/{name}", json=body, timeout=limit)
        envelope = response.json()
        if response.status_code != requests.codes.ok:
            raise KithError(envelope["status"], **envelope["error"])
        return envelope["data"]
