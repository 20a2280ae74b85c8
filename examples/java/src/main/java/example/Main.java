package example;

import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import kith.contact.v1.CheckContactsRequest;
import kith.contact.v1.CheckResult;
import kith.contact.v1.Contact;
import kith.contact.v1.ContactEntry;
import kith.contact.v1.ContactPair;
import kith.contact.v1.ContactServiceGrpc;
import kith.contact.v1.ContactServiceGrpc.ContactServiceBlockingStub;
import kith.contact.v1.CountContactsRequest;
import kith.contact.v1.EraseUserRequest;
import kith.contact.v1.FingerprintContactsRequest;
import kith.contact.v1.ListContactsRequest;
import kith.contact.v1.ReplaceContactsRequest;
import kith.contact.v1.SyncContactsRequest;

/** A client of Kith with grpc-java. */
public final class Main {
  private static final String ALICE = "example-alice";
  private static final String BOB = "example-bob";
  private static final String CAROL = "example-carol";
  private static final String DAVE = "example-dave";
  private static final String ERIN = "example-erin";

  private final ManagedChannel channel;
  private final ContactServiceBlockingStub client;

  private Main(ManagedChannel channel) {
    this.channel = channel;
    this.client = ContactServiceGrpc.newBlockingStub(channel);
  }

  public static void main(String[] args) throws Exception {
    String url = System.getenv().getOrDefault("KITH_URL", "http://127.0.0.1:8080");
    ManagedChannel channel = Client.connect(url, System.getenv("SERVER_KEY"));
    try {
      new Main(channel).run();
    } finally {
      channel.shutdown().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  private void run() throws Exception {
    client.eraseUser(EraseUserRequest.newBuilder().setXcUserId(ALICE).build());
    sync();
    list();
    check();
    var counted = client.countContacts(count());
    System.out.printf(
        "count: %d contacts, %d owners%n", counted.getContactCount(), counted.getOwnerCount());
    replace();
    badParameter();
    deadline();
    cancel();
    keepCalling();
  }

  private void sync() {
    var response =
        client.syncContacts(
            SyncContactsRequest.newBuilder()
                .addContacts(entry(ALICE, BOB))
                .addContacts(entry(ALICE, CAROL))
                .addContacts(entry(ALICE, DAVE))
                .addContacts(entry(BOB, ALICE))
                .addContacts(entry(ALICE, ERIN).setIsDeleted(true))
                .setReturnOutcomes(true)
                .build());
    System.out.printf(
        "sync: %d inserted, %d deleted%n",
        response.getCountInserted(), response.getCountDeleted());
    System.out.println(
        response.getOutcomesList().stream()
            .map(Enum::name)
            .collect(Collectors.joining(" ", "outcomes: ", "")));
  }

  private void list() {
    List<String> ids = new ArrayList<>();
    int pages = 0;
    String token = "";
    do {
      var page =
          client.listContacts(
              ListContactsRequest.newBuilder()
                  .setOwnerXcUserId(ALICE)
                  .setPageSize(2)
                  .setPageToken(token)
                  .build());
      page.getContactsList().stream().map(Contact::getContactXcUserId).forEach(ids::add);
      pages++;
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    System.out.println("list: " + String.join(" ", ids));
    System.out.println("pages: " + pages);
  }

  private void check() {
    var response =
        client.checkContacts(
            CheckContactsRequest.newBuilder()
                .addPairs(pair(ALICE, BOB))
                .addPairs(pair(ALICE, CAROL))
                .addPairs(pair(ALICE, ERIN))
                .build());
    System.out.println(
        response.getResultsList().stream()
            .map(Main::word)
            .collect(Collectors.joining(" ", "check: ", "")));
  }

  private void replace() {
    var list =
        client.fingerprintContacts(
            FingerprintContactsRequest.newBuilder().setOwnerXcUserId(ALICE).build());
    var request =
        ReplaceContactsRequest.newBuilder()
            .setOwnerXcUserId(ALICE)
            .addContactXcUserIds(BOB)
            .addContactXcUserIds(ERIN)
            .setExpectedFingerprint(list.getFingerprint())
            .build();
    var response = client.replaceContacts(request);
    System.out.printf(
        "replace: %d inserted, %d deleted, %d unchanged%n",
        response.getCountInserted(), response.getCountDeleted(), response.getCountUnchanged());
    try {
      client.replaceContacts(request);
    } catch (StatusRuntimeException error) {
      requireCode(error, Status.Code.FAILED_PRECONDITION);
      System.out.println("replace again: " + error.getStatus().getDescription());
    }
  }

  private void badParameter() throws Exception {
    try {
      client.syncContacts(
          SyncContactsRequest.newBuilder()
              .addContacts(entry(ALICE, BOB))
              .addContacts(ContactEntry.newBuilder().setOwnerXcUserId(ALICE))
              .build());
    } catch (StatusRuntimeException error) {
      requireCode(error, Status.Code.INVALID_ARGUMENT);
      var metadata = Client.detail(error, ErrorInfo.class).getMetadataMap();
      var violation = Client.detail(error, BadRequest.class).getFieldViolations(0);
      System.out.println("bad parameter: " + error.getStatus().getDescription());
      System.out.println("bad request: " + violation.getField());
      System.out.println(
          "error info: code " + metadata.get("code") + ", field " + metadata.get("field"));
    }
  }

  private void deadline() {
    try {
      // A deadline of one nanosecond is always exceeded.
      client.withDeadlineAfter(1, TimeUnit.NANOSECONDS).countContacts(count());
    } catch (StatusRuntimeException error) {
      requireCode(error, Status.Code.DEADLINE_EXCEEDED);
      System.out.println("deadline: exceeded");
    }
  }

  private void cancel() {
    var call = ContactServiceGrpc.newFutureStub(channel).countContacts(count());
    call.cancel(true);
    if (call.isCancelled()) {
      System.out.println("cancellation: cancelled");
    }
  }

  /** Calls for CALL_SECONDS. Servers can restart in this time. The retry policy hides it. */
  private void keepCalling() throws InterruptedException {
    long seconds = Long.parseLong(System.getenv().getOrDefault("CALL_SECONDS", "1"));
    System.out.println("calling");
    int failed = 0;
    for (long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        System.nanoTime() < end; ) {
      try {
        client.countContacts(count());
      } catch (StatusRuntimeException error) {
        System.err.println(error.getMessage());
        failed++;
      }
      Thread.sleep(10);
    }
    System.out.println("failed calls: " + failed);
  }

  private static String word(CheckResult result) {
    if (result.getIsMutual()) {
      return "mutual";
    }
    return result.getIsContact() ? "contact" : "none";
  }

  private static void requireCode(StatusRuntimeException error, Status.Code code) {
    if (error.getStatus().getCode() != code) {
      throw error;
    }
  }

  private static ContactEntry.Builder entry(String owner, String contact) {
    return ContactEntry.newBuilder().setOwnerXcUserId(owner).setContactXcUserId(contact);
  }

  private static ContactPair.Builder pair(String owner, String contact) {
    return ContactPair.newBuilder().setOwnerXcUserId(owner).setContactXcUserId(contact);
  }

  private static CountContactsRequest count() {
    return CountContactsRequest.newBuilder().setXcUserId(ALICE).build();
  }
}
