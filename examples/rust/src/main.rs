//! A client of Kith with tonic.

mod client;

pub mod contact {
    pub mod v1 {
        tonic::include_proto!("contact.v1");
    }
}

use std::env;
use std::error::Error;
use std::time::{Duration, Instant};

use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use client::{Client, with_retry};
use contact::v1::*;

const ALICE: &str = "example-alice";
const BOB: &str = "example-bob";
const CAROL: &str = "example-carol";
const DAVE: &str = "example-dave";
const ERIN: &str = "example-erin";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::var("KITH_URL").unwrap_or_else(|_| "http://127.0.0.1:8080".to_owned());
    let mut client = client::connect(&url, &env::var("SERVER_KEY")?)?;

    client
        .erase_user(EraseUserRequest {
            xc_user_id: ALICE.into(),
        })
        .await?;
    sync(&mut client).await?;
    list(&mut client).await?;
    check(&mut client).await?;
    let count = client.count_contacts(count_request()).await?.into_inner();
    println!(
        "count: {} contacts, {} owners",
        count.contact_count, count.owner_count
    );
    replace(&mut client).await?;
    bad_parameter(&mut client).await?;
    deadline(&mut client).await?;
    cancel(&mut client).await;
    keep_calling(&client).await;
    Ok(())
}

async fn sync(client: &mut Client) -> Result<(), Status> {
    let response = client
        .sync_contacts(SyncContactsRequest {
            contacts: vec![
                entry(ALICE, BOB),
                entry(ALICE, CAROL),
                entry(ALICE, DAVE),
                entry(BOB, ALICE),
                ContactEntry {
                    is_deleted: true,
                    ..entry(ALICE, ERIN)
                },
            ],
            return_outcomes: true,
        })
        .await?
        .into_inner();
    println!(
        "sync: {} inserted, {} deleted",
        response.count_inserted, response.count_deleted
    );
    let outcomes: Vec<_> = response
        .outcomes()
        .map(|outcome| outcome.as_str_name())
        .collect();
    println!("outcomes: {}", outcomes.join(" "));
    Ok(())
}

async fn list(client: &mut Client) -> Result<(), Status> {
    let mut ids = Vec::new();
    let mut pages = 0;
    let mut page_token = String::new();
    loop {
        let page = client
            .list_contacts(ListContactsRequest {
                owner_xc_user_id: ALICE.into(),
                page_size: Some(2),
                page_token,
            })
            .await?
            .into_inner();
        ids.extend(
            page.contacts
                .into_iter()
                .map(|contact| contact.contact_xc_user_id),
        );
        pages += 1;
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    println!("list: {}", ids.join(" "));
    println!("pages: {pages}");
    Ok(())
}

async fn check(client: &mut Client) -> Result<(), Status> {
    let pairs = vec![pair(ALICE, BOB), pair(ALICE, CAROL), pair(ALICE, ERIN)];
    let response = client
        .check_contacts(CheckContactsRequest { pairs })
        .await?
        .into_inner();
    let words: Vec<_> = response
        .results
        .iter()
        .map(|result| match (result.is_contact, result.is_mutual) {
            (_, true) => "mutual",
            (true, _) => "contact",
            _ => "none",
        })
        .collect();
    println!("check: {}", words.join(" "));
    Ok(())
}

async fn replace(client: &mut Client) -> Result<(), Box<dyn Error>> {
    let list = client
        .fingerprint_contacts(FingerprintContactsRequest {
            owner_xc_user_id: ALICE.into(),
        })
        .await?
        .into_inner();
    let request = ReplaceContactsRequest {
        owner_xc_user_id: ALICE.into(),
        contact_xc_user_ids: vec![BOB.into(), ERIN.into()],
        dry_run: false,
        expected_fingerprint: Some(list.fingerprint),
    };
    let response = client.replace_contacts(request.clone()).await?.into_inner();
    println!(
        "replace: {} inserted, {} deleted, {} unchanged",
        response.count_inserted, response.count_deleted, response.count_unchanged
    );
    match client.replace_contacts(request).await {
        Err(status) if status.code() == Code::FailedPrecondition => {
            println!("replace again: {}", status.message());
            Ok(())
        }
        other => Err(format!("expected FAILED_PRECONDITION, got {other:?}").into()),
    }
}

async fn bad_parameter(client: &mut Client) -> Result<(), Box<dyn Error>> {
    let contacts = vec![
        entry(ALICE, BOB),
        ContactEntry {
            owner_xc_user_id: ALICE.into(),
            ..Default::default()
        },
    ];
    let request = SyncContactsRequest {
        contacts,
        ..Default::default()
    };
    let Err(status) = client.sync_contacts(request).await else {
        return Err("expected INVALID_ARGUMENT".into());
    };
    let details = status.check_error_details()?;
    let info = details.error_info().ok_or("no ErrorInfo")?;
    let violations = &details
        .bad_request()
        .ok_or("no BadRequest")?
        .field_violations;
    println!("bad parameter: {}", status.message());
    println!("bad request: {}", violations[0].field);
    println!(
        "error info: code {}, field {}",
        info.metadata["code"], info.metadata["field"]
    );
    Ok(())
}

async fn deadline(client: &mut Client) -> Result<(), Box<dyn Error>> {
    // A large request with a time limit of one millisecond. The dry run changes nothing.
    let mut request = Request::new(ReplaceContactsRequest {
        owner_xc_user_id: ALICE.into(),
        contact_xc_user_ids: (0..10_000).map(|n| format!("example-{n}")).collect(),
        dry_run: true,
        ..Default::default()
    });
    request.set_timeout(Duration::from_millis(1));
    match client.replace_contacts(request).await {
        Err(status) if matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled) => {
            println!("deadline: exceeded");
            Ok(())
        }
        other => Err(format!("expected DEADLINE_EXCEEDED, got {other:?}").into()),
    }
}

async fn cancel(client: &mut Client) {
    // Dropping the future of a call cancels it.
    tokio::select! {
        biased;
        () = std::future::ready(()) => println!("cancellation: cancelled"),
        _ = client.count_contacts(count_request()) => {}
    }
}

/// Calls for CALL_SECONDS. Servers can restart in this time. The retries hide it.
async fn keep_calling(client: &Client) {
    let seconds = env::var("CALL_SECONDS")
        .ok()
        .and_then(|text| text.parse().ok());
    println!("calling");
    let mut failed = 0;
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(1));
    while Instant::now() < end {
        let result = with_retry(|| {
            let mut client = client.clone();
            async move { client.count_contacts(count_request()).await }
        });
        if let Err(status) = result.await {
            eprintln!("{status:?}");
            failed += 1;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!("failed calls: {failed}");
}

fn entry(owner: &str, contact: &str) -> ContactEntry {
    ContactEntry {
        owner_xc_user_id: owner.into(),
        contact_xc_user_id: contact.into(),
        is_deleted: false,
    }
}

fn pair(owner: &str, contact: &str) -> ContactPair {
    ContactPair {
        owner_xc_user_id: owner.into(),
        contact_xc_user_id: contact.into(),
    }
}

fn count_request() -> CountContactsRequest {
    CountContactsRequest {
        xc_user_id: ALICE.into(),
    }
}
