#!/bin/sh
# Needs curl and jq.
set -eu
url=${KITH_URL:-http://127.0.0.1:8080}/v1/server/contact
header="Server-Key: $SERVER_KEY"

# call NAME JSON [OPTION...]: prints the response. Every call is safe to repeat, so curl may retry
# after any error of the connection, and after 429, 503 and 504.
call() {
  name=$1 body=$2
  shift 2
  curl -sS --max-time 10 --retry 5 --retry-all-errors -H "$header" \
    -H 'Content-Type: application/json' -d "$body" "$@" "$url/$name"
}

call erase '{"xcUserID":"example-alice"}' >/dev/null

call sync '{"contacts":[
  {"ownerXCUserID":"example-alice","contactXCUserID":"example-bob"},
  {"ownerXCUserID":"example-alice","contactXCUserID":"example-carol"},
  {"ownerXCUserID":"example-alice","contactXCUserID":"example-dave"},
  {"ownerXCUserID":"example-bob","contactXCUserID":"example-alice"},
  {"ownerXCUserID":"example-alice","contactXCUserID":"example-erin","isDeleted":true}
],"returnOutcomes":true}' |
  jq -r '.data | "sync: \(.countInserted) inserted, \(.countDeleted) deleted",
                 "outcomes: \(.outcomes | join(" "))"'

ids='' pages=0 token=''
while :; do
  page=$(call list '{"ownerXCUserID":"example-alice","pageSize":2,"pageToken":"'"$token"'"}')
  ids="$ids $(printf %s "$page" | jq -r '[.data.contacts[].contactXCUserID] | join(" ")')"
  token=$(printf %s "$page" | jq -r .data.nextPageToken)
  pages=$((pages + 1))
  [ -n "$token" ] || break
done
echo "list:$ids"
echo "pages: $pages"

call check '{"pairs":[
  {"ownerXCUserID":"example-alice","contactXCUserID":"example-bob"},
  {"ownerXCUserID":"example-alice","contactXCUserID":"example-carol"},
  {"ownerXCUserID":"example-alice","contactXCUserID":"example-erin"}
]}' |
  jq -r '[.data.results[] | if .isMutual then "mutual" elif .isContact then "contact" else "none" end]
         | "check: \(join(" "))"'

call count '{"xcUserID":"example-alice"}' |
  jq -r '.data | "count: \(.contactCount) contacts, \(.ownerCount) owners"'

fingerprint=$(call fingerprint '{"ownerXCUserID":"example-alice"}' | jq -r .data.fingerprint)
replacement='{"ownerXCUserID":"example-alice","contactXCUserIDs":["example-bob","example-erin"],
  "expectedFingerprint":"'$fingerprint'"}'
call replace "$replacement" |
  jq -r '.data | "replace: \(.countInserted) inserted, \(.countDeleted) deleted, \(.countUnchanged) unchanged"'
call replace "$replacement" | jq -r '"replace again: \(.error.message)"'

call sync '{"contacts":[
  {"ownerXCUserID":"example-alice","contactXCUserID":"example-bob"},
  {"ownerXCUserID":"example-alice"}
]}' |
  jq -r '.error | "bad parameter: \(.message)", "error info: code \(.code), field \(.field)"'

# A large request with a time limit of one millisecond. curl then exits with 28. The dry run changes nothing.
result=0
jq -n '{ownerXCUserID: "example-alice", contactXCUserIDs: [range(10000) | "example-\(.)"], dryRun: true}' |
  call replace @- --max-time 0.001 --retry 0 >/dev/null 2>&1 || result=$?
[ $result -eq 28 ] && echo 'deadline: exceeded'

# When curl is killed, its connection closes and the service cancels the call. This call is in flight for as
# long as the pipe that sends its body is open.
sleep 5 2>/dev/null | curl -sS -H "$header" -H 'Content-Type: application/json' -X POST -T - \
  "$url/count" >/dev/null &
kill $!
wait $! || echo 'cancellation: cancelled'

# Servers can restart during these calls. The options for retries hide it.
echo calling
failed=0
end=$(($(date +%s) + ${CALL_SECONDS:-1}))
while [ "$(date +%s)" -le $end ]; do
  call count '{"xcUserID":"example-alice"}' --fail >/dev/null || failed=$((failed + 1))
done
echo "failed calls: $failed"
