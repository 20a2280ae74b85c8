# frozen_string_literal: true

# A client of Kith with grpc.

require_relative 'client'

include Kith::Contact::V1

$stdout.sync = true

ALICE, BOB, CAROL, DAVE, ERIN = %w[alice bob carol dave erin].map { |name| "example-#{name}" }

def entry(owner, contact, is_deleted: false)
  ContactEntry.new(owner_xc_user_id: owner, contact_xc_user_id: contact, is_deleted: is_deleted)
end

def pair(owner, contact)
  ContactPair.new(owner_xc_user_id: owner, contact_xc_user_id: contact)
end

def word(result)
  return 'mutual' if result.is_mutual

  result.is_contact ? 'contact' : 'none'
end

def each_page(stub)
  token = ''
  loop do
    request = ListContactsRequest.new(owner_xc_user_id: ALICE, page_size: 2, page_token: token)
    page = stub.list_contacts(request)
    yield page
    token = page.next_page_token
    break if token.empty?
  end
end

def change_list(stub)
  entries = [entry(ALICE, BOB), entry(ALICE, CAROL), entry(ALICE, DAVE), entry(BOB, ALICE)]
  entries << entry(ALICE, ERIN, is_deleted: true)
  synced = stub.sync_contacts(SyncContactsRequest.new(contacts: entries, return_outcomes: true))
  puts "sync: #{synced.count_inserted} inserted, #{synced.count_deleted} deleted"
  puts "outcomes: #{synced.outcomes.to_a.join(' ')}"
end

def read_list(stub)
  pages = enum_for(:each_page, stub).to_a
  puts "list: #{pages.flat_map { |page| page.contacts.map(&:contact_xc_user_id) }.join(' ')}"
  puts "pages: #{pages.size}"

  pairs = [pair(ALICE, BOB), pair(ALICE, CAROL), pair(ALICE, ERIN)]
  checked = stub.check_contacts(CheckContactsRequest.new(pairs: pairs))
  puts "check: #{checked.results.map { |result| word(result) }.join(' ')}"

  count = stub.count_contacts(CountContactsRequest.new(xc_user_id: ALICE))
  puts "count: #{count.contact_count} contacts, #{count.owner_count} owners"
end

def replace_list(stub)
  request = FingerprintContactsRequest.new(owner_xc_user_id: ALICE)
  replacement = ReplaceContactsRequest.new(
    owner_xc_user_id: ALICE,
    contact_xc_user_ids: [BOB, ERIN],
    expected_fingerprint: stub.fingerprint_contacts(request).fingerprint
  )
  replaced = stub.replace_contacts(replacement)
  puts "replace: #{replaced.count_inserted} inserted, #{replaced.count_deleted} deleted, " \
       "#{replaced.count_unchanged} unchanged"
  stub.replace_contacts(replacement)
rescue GRPC::FailedPrecondition => e
  puts "replace again: #{e.details}"
end

def read_error(stub)
  incomplete = ContactEntry.new(owner_xc_user_id: ALICE)
  stub.sync_contacts(SyncContactsRequest.new(contacts: [entry(ALICE, BOB), incomplete]))
rescue GRPC::InvalidArgument => e
  info = Client.detail(e, Google::Rpc::ErrorInfo).metadata
  violation = Client.detail(e, Google::Rpc::BadRequest).field_violations.first
  puts "bad parameter: #{e.details}"
  puts "bad request: #{violation.field}"
  puts "error info: code #{info['code']}, field #{info['field']}"
end

def set_deadline(stub)
  # The deadline has passed, so the call fails on every machine.
  stub.count_contacts(CountContactsRequest.new(xc_user_id: ALICE), deadline: Time.now - 1)
rescue GRPC::DeadlineExceeded
  puts 'deadline: exceeded'
end

def cancel(stub)
  call = stub.count_contacts(CountContactsRequest.new(xc_user_id: ALICE), return_op: true)
  call.cancel
  call.execute
rescue GRPC::Cancelled
  puts 'cancellation: cancelled'
end

# Calls for CALL_SECONDS. Servers can restart in this time. The retry policy hides it.
def keep_calling(stub)
  puts 'calling'
  failed = 0
  finish = Time.now + Float(ENV.fetch('CALL_SECONDS', '1'))
  while Time.now < finish
    begin
      stub.count_contacts(CountContactsRequest.new(xc_user_id: ALICE))
    rescue GRPC::BadStatus => e
      warn e.message
      failed += 1
    end
    sleep 0.01
  end
  puts "failed calls: #{failed}"
end

stub = Client.connect(ENV.fetch('KITH_URL', 'http://127.0.0.1:8080'), ENV.fetch('SERVER_KEY'))
stub.erase_user(EraseUserRequest.new(xc_user_id: ALICE))
change_list(stub)
read_list(stub)
replace_list(stub)
read_error(stub)
set_deadline(stub)
cancel(stub)
keep_calling(stub)
