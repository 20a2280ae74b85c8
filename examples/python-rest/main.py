"""A client of Kith with requests, over REST."""

import os
import sys
import time

import requests
from client import Client, KithError

ALICE, BOB, CAROL, DAVE, ERIN = (
    f"example-{name}" for name in ("alice", "bob", "carol", "dave", "erin")
)


def main() -> None:
    url = os.environ.get("KITH_URL", "http://127.0.0.1:8080")
    client = Client(url, os.environ["SERVER_KEY"])
    client.call("erase", {"xcUserID": ALICE})

    synced = client.call(
        "sync",
        {
            "contacts": [
                pair(ALICE, BOB),
                pair(ALICE, CAROL),
                pair(ALICE, DAVE),
                pair(BOB, ALICE),
                {**pair(ALICE, ERIN), "isDeleted": True},
            ],
            "returnOutcomes": True,
        },
    )
    print(f"sync: {synced['countInserted']} inserted, {synced['countDeleted']} deleted")
    print("outcomes:", *synced["outcomes"])

    ids, pages, token = [], 0, ""
    while True:
        page = client.call("list", {"ownerXCUserID": ALICE, "pageSize": 2, "pageToken": token})
        ids += [contact["contactXCUserID"] for contact in page["contacts"]]
        pages += 1
        token = page["nextPageToken"]
        if not token:
            break
    print("list:", *ids)
    print("pages:", pages)

    pairs = [pair(ALICE, BOB), pair(ALICE, CAROL), pair(ALICE, ERIN)]
    print("check:", *map(word, client.call("check", {"pairs": pairs})["results"]))

    count = client.call("count", {"xcUserID": ALICE})
    print(f"count: {count['contactCount']} contacts, {count['ownerCount']} owners")

    replacement = {
        "ownerXCUserID": ALICE,
        "contactXCUserIDs": [BOB, ERIN],
        "expectedFingerprint": client.call("fingerprint", {"ownerXCUserID": ALICE})["fingerprint"],
    }
    replaced = client.call("replace", replacement)
    print(
        f"replace: {replaced['countInserted']} inserted, {replaced['countDeleted']} deleted,",
        f"{replaced['countUnchanged']} unchanged",
    )
    try:
        client.call("replace", replacement)
    except KithError as error:
        if error.code != "40900":
            raise
        print("replace again:", error.message)

    try:
        client.call("sync", {"contacts": [pair(ALICE, BOB), {"ownerXCUserID": ALICE}]})
    except KithError as error:
        print("bad parameter:", error.message)
        print(f"error info: code {error.code}, field {error.field}")

    try:
        # A time limit of one microsecond is always exceeded.
        client.call("count", {"xcUserID": ALICE}, timeout=0.000001)
    except requests.RequestException:
        print("deadline: exceeded")

    keep_calling(client)


def keep_calling(client: Client) -> None:
    """Calls for CALL_SECONDS. Servers can restart in this time. The retries hide it."""
    print("calling", flush=True)
    failed = 0
    end = time.monotonic() + float(os.environ.get("CALL_SECONDS", "1"))
    while time.monotonic() < end:
        try:
            client.call("count", {"xcUserID": ALICE})
        except (KithError, requests.RequestException) as error:
            print(error, file=sys.stderr)
            failed += 1
        time.sleep(0.01)
    print("failed calls:", failed)


def pair(owner: str, contact: str) -> dict:
    return {"ownerXCUserID": owner, "contactXCUserID": contact}


def word(result: dict) -> str:
    if result["isMutual"]:
        return "mutual"
    return "contact" if result["isContact"] else "none"


if __name__ == "__main__":
    main()
