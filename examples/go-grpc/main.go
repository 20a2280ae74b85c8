// A client of Kith with grpc-go.
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	contactv1 "example.com/app/gen/contact/v1"
)

const (
	alice = "example-alice"
	bob   = "example-bob"
	carol = "example-carol"
	dave  = "example-dave"
	erin  = "example-erin"
)

func main() {
	address := cmp.Or(os.Getenv("KITH_URL"), "http://127.0.0.1:8080")
	client, conn, err := connect(address, os.Getenv("SERVER_KEY"))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	if err := run(context.Background(), client); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, client contactv1.ContactServiceClient) error {
	if _, err := client.EraseUser(ctx, &contactv1.EraseUserRequest{XcUserId: alice}); err != nil {
		return err
	}

	synced, err := client.SyncContacts(ctx, &contactv1.SyncContactsRequest{
		Contacts: []*contactv1.ContactEntry{
			{OwnerXcUserId: alice, ContactXcUserId: bob},
			{OwnerXcUserId: alice, ContactXcUserId: carol},
			{OwnerXcUserId: alice, ContactXcUserId: dave},
			{OwnerXcUserId: bob, ContactXcUserId: alice},
			{OwnerXcUserId: alice, ContactXcUserId: erin, IsDeleted: true},
		},
		ReturnOutcomes: true,
	})
	if err != nil {
		return err
	}
	fmt.Printf("sync: %d inserted, %d deleted\n", synced.CountInserted, synced.CountDeleted)
	var outcomes []string
	for _, outcome := range synced.Outcomes {
		outcomes = append(outcomes, outcome.String())
	}
	fmt.Println("outcomes:", strings.Join(outcomes, " "))

	var ids []string
	pages := 0
	for token := ""; ; {
		pageSize := int32(2)
		page, err := client.ListContacts(ctx, &contactv1.ListContactsRequest{
			OwnerXcUserId: alice, PageSize: &pageSize, PageToken: token,
		})
		if err != nil {
			return err
		}
		for _, contact := range page.Contacts {
			ids = append(ids, contact.ContactXcUserId)
		}
		pages++
		if token = page.NextPageToken; token == "" {
			break
		}
	}
	fmt.Println("list:", strings.Join(ids, " "))
	fmt.Println("pages:", pages)

	checked, err := client.CheckContacts(ctx, &contactv1.CheckContactsRequest{
		Pairs: []*contactv1.ContactPair{
			{OwnerXcUserId: alice, ContactXcUserId: bob},
			{OwnerXcUserId: alice, ContactXcUserId: carol},
			{OwnerXcUserId: alice, ContactXcUserId: erin},
		},
	})
	if err != nil {
		return err
	}
	var words []string
	for _, result := range checked.Results {
		switch {
		case result.IsMutual:
			words = append(words, "mutual")
		case result.IsContact:
			words = append(words, "contact")
		default:
			words = append(words, "none")
		}
	}
	fmt.Println("check:", strings.Join(words, " "))

	count, err := client.CountContacts(ctx, &contactv1.CountContactsRequest{XcUserId: alice})
	if err != nil {
		return err
	}
	fmt.Printf("count: %d contacts, %d owners\n", count.ContactCount, count.OwnerCount)

	if err := replace(ctx, client); err != nil {
		return err
	}

	_, err = client.SyncContacts(ctx, &contactv1.SyncContactsRequest{
		Contacts: []*contactv1.ContactEntry{
			{OwnerXcUserId: alice, ContactXcUserId: bob},
			{OwnerXcUserId: alice},
		},
	})
	printBadParameter(status.Convert(err))

	// A deadline of one nanosecond is always exceeded.
	short, cancel := context.WithTimeout(ctx, time.Nanosecond)
	defer cancel()
	_, err = client.CountContacts(short, &contactv1.CountContactsRequest{XcUserId: alice})
	if status.Code(err) == codes.DeadlineExceeded {
		fmt.Println("deadline: exceeded")
	}

	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = client.CountContacts(cancelled, &contactv1.CountContactsRequest{XcUserId: alice})
	if status.Code(err) == codes.Canceled {
		fmt.Println("cancellation: cancelled")
	}

	keepCalling(ctx, client)
	return nil
}

func replace(ctx context.Context, client contactv1.ContactServiceClient) error {
	list, err := client.FingerprintContacts(ctx, &contactv1.FingerprintContactsRequest{
		OwnerXcUserId: alice,
	})
	if err != nil {
		return err
	}
	request := &contactv1.ReplaceContactsRequest{
		OwnerXcUserId:       alice,
		ContactXcUserIds:    []string{bob, erin},
		ExpectedFingerprint: &list.Fingerprint,
	}
	replaced, err := client.ReplaceContacts(ctx, request)
	if err != nil {
		return err
	}
	fmt.Printf("replace: %d inserted, %d deleted, %d unchanged\n",
		replaced.CountInserted, replaced.CountDeleted, replaced.CountUnchanged)

	_, err = client.ReplaceContacts(ctx, request)
	if status.Code(err) != codes.FailedPrecondition {
		return fmt.Errorf("expected FAILED_PRECONDITION, got %v", err)
	}
	fmt.Println("replace again:", status.Convert(err).Message())
	return nil
}

func printBadParameter(failure *status.Status) {
	fmt.Println("bad parameter:", failure.Message())
	for _, detail := range failure.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			fmt.Printf("error info: code %s, field %s\n", detail.Metadata["code"], detail.Metadata["field"])
		case *errdetails.BadRequest:
			fmt.Println("bad request:", detail.FieldViolations[0].Field)
		}
	}
}

// keepCalling calls for CALL_SECONDS. Servers can restart in this time. The retry policy hides it.
func keepCalling(ctx context.Context, client contactv1.ContactServiceClient) {
	seconds, err := strconv.Atoi(os.Getenv("CALL_SECONDS"))
	if err != nil {
		seconds = 1
	}
	fmt.Println("calling")
	failed := 0
	for end := time.Now().Add(time.Duration(seconds) * time.Second); time.Now().Before(end); {
		if _, err := client.CountContacts(ctx, &contactv1.CountContactsRequest{XcUserId: alice}); err != nil {
			log.Print(err)
			failed++
		}
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Println("failed calls:", failed)
}
