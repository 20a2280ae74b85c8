"""A client of Kith with grpcio."""

import os
import sys
import time

import grpc
from client import connect, create_stub, detail_of
from contact.v1 import contact_service_pb2 as pb
from google.rpc import error_details_pb2

ALICE, BOB, CAROL, DAVE, ERIN = (
    f"example-{name}" for name in ("alice", "bob", "carol", "dave", "erin")
)


def main() -> None:
    url = os.environ.get("KITH_URL", "http://127.0.0.1:8080")
    with connect(url) as channel:
        run(create_stub(channel, os.environ["SERVER_KEY"]))


def run(stub) -> None:
    stub.EraseUser(pb.EraseUserRequest(xc_user_id=ALICE))

    synced = stub.SyncContacts(
        pb.SyncContactsRequest(
            contacts=[
                entry(ALICE, BOB),
                entry(ALICE, CAROL),
                entry(ALICE, DAVE),
                entry(BOB, ALICE),
                entry(ALICE, ERIN, is_deleted=True),
            ],
            return_outcomes=True,
        )
    )
    print(f"sync: {synced.count_inserted} inserted, {synced.count_deleted} deleted")
    outcomes = map(pb.SyncContactsResponse.Outcome.Name, synced.outcomes)
    print("outcomes:", *outcomes)

    ids, pages, token = [], 0, ""
    while True:
        page = stub.ListContacts(
            pb.ListContactsRequest(owner_xc_user_id=ALICE, page_size=2, page_token=token)
        )
        ids += [contact.contact_xc_user_id for contact in page.contacts]
        pages += 1
        token = page.next_page_token
        if not token:
            break
    print("list:", *ids)
    print("pages:", pages)

    pairs = [pair(ALICE, BOB), pair(ALICE, CAROL), pair(ALICE, ERIN)]
    checked = stub.CheckContacts(pb.CheckContactsRequest(pairs=pairs))
    print("check:", *map(word, checked.results))

    count = stub.CountContacts(pb.CountContactsRequest(xc_user_id=ALICE))
    print(f"count: {count.contact_count} contacts, {count.owner_count} owners")

    current = stub.FingerprintContacts(pb.FingerprintContactsRequest(owner_xc_user_id=ALICE))
    replacement = pb.ReplaceContactsRequest(
        owner_xc_user_id=ALICE,
        contact_xc_user_ids=[BOB, ERIN],
        expected_fingerprint=current.fingerprint,
    )
    replaced = stub.ReplaceContacts(replacement)
    print(
        f"replace: {replaced.count_inserted} inserted, {replaced.count_deleted} deleted,",
        f"{replaced.count_unchanged} unchanged",
    )
    try:
        stub.ReplaceContacts(replacement)
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.FAILED_PRECONDITION:
            raise
        print("replace again:", error.details())

    try:
        incomplete = pb.ContactEntry(owner_xc_user_id=ALICE)
        stub.SyncContacts(pb.SyncContactsRequest(contacts=[entry(ALICE, BOB), incomplete]))
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.INVALID_ARGUMENT:
            raise
        metadata = detail_of(error, error_details_pb2.ErrorInfo()).metadata
        violations = detail_of(error, error_details_pb2.BadRequest()).field_violations
        print("bad parameter:", error.details())
        print("bad request:", violations[0].field)
        print(f"error info: code {metadata['code']}, field {metadata['field']}")

    request = pb.CountContactsRequest(xc_user_id=ALICE)
    try:
        # The deadline has passed, so the call fails on every machine.
        stub.CountContacts(request, timeout=-1)
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.DEADLINE_EXCEEDED:
            raise
        print("deadline: exceeded")

    call = stub.CountContacts.future(request)
    call.cancel()
    if call.code() == grpc.StatusCode.CANCELLED:
        print("cancellation: cancelled")

    keep_calling(stub, request)


def keep_calling(stub, request) -> None:
    """Calls for CALL_SECONDS. Servers can restart in this time. The retry policy hides it."""
    print("calling", flush=True)
    failed = 0
    end = time.monotonic() + float(os.environ.get("CALL_SECONDS", "1"))
    while time.monotonic() < end:
        try:
            stub.CountContacts(request)
        except grpc.RpcError as error:
            print(error.details(), file=sys.stderr)
            failed += 1
        time.sleep(0.01)
    print("failed calls:", failed)


def entry(owner: str, contact: str, is_deleted: bool = False) -> pb.ContactEntry:
    return pb.ContactEntry(
        owner_xc_user_id=owner, contact_xc_user_id=contact, is_deleted=is_deleted
    )


def pair(owner: str, contact: str) -> pb.ContactPair:
    return pb.ContactPair(owner_xc_user_id=owner, contact_xc_user_id=contact)


def word(result: pb.CheckResult) -> str:
    if result.is_mutual:
        return "mutual"
    return "contact" if result.is_contact else "none"


if __name__ == "__main__":
    main()
