<?php

declare(strict_types=1);

require __DIR__ . '/Client.php';

const ALICE = 'example-alice';
const BOB = 'example-bob';
const CAROL = 'example-carol';
const DAVE = 'example-dave';
const ERIN = 'example-erin';

function pair(string $owner, string $contact): array
{
    return ['ownerXCUserID' => $owner, 'contactXCUserID' => $contact];
}

$client = new Client(getenv('KITH_URL') ?: 'http://127.0.0.1:8080', getenv('SERVER_KEY'));
$client->call('erase', ['xcUserID' => ALICE]);

$synced = $client->call('sync', [
    'contacts' => [
        pair(ALICE, BOB),
        pair(ALICE, CAROL),
        pair(ALICE, DAVE),
        pair(BOB, ALICE),
        pair(ALICE, ERIN) + ['isDeleted' => true],
    ],
    'returnOutcomes' => true,
]);
echo "sync: {$synced['countInserted']} inserted, {$synced['countDeleted']} deleted\n";
echo 'outcomes: ', implode(' ', $synced['outcomes']), "\n";

$ids = [];
$pages = 0;
$token = '';
do {
    $page = $client->call('list', ['ownerXCUserID' => ALICE, 'pageSize' => 2, 'pageToken' => $token]);
    array_push($ids, ...array_column($page['contacts'], 'contactXCUserID'));
    $pages++;
    $token = $page['nextPageToken'];
} while ($token !== '');
echo 'list: ', implode(' ', $ids), "\n";
echo "pages: $pages\n";

$checked = $client->call('check', ['pairs' => [pair(ALICE, BOB), pair(ALICE, CAROL), pair(ALICE, ERIN)]]);
$words = array_map(
    fn (array $result) => match (true) {
        $result['isMutual'] => 'mutual',
        $result['isContact'] => 'contact',
        default => 'none',
    },
    $checked['results'],
);
echo 'check: ', implode(' ', $words), "\n";

$count = $client->call('count', ['xcUserID' => ALICE]);
echo "count: {$count['contactCount']} contacts, {$count['ownerCount']} owners\n";

$replacement = [
    'ownerXCUserID' => ALICE,
    'contactXCUserIDs' => [BOB, ERIN],
    'expectedFingerprint' => $client->call('fingerprint', ['ownerXCUserID' => ALICE])['fingerprint'],
];
$replaced = $client->call('replace', $replacement);
echo "replace: {$replaced['countInserted']} inserted, {$replaced['countDeleted']} deleted, ",
    "{$replaced['countUnchanged']} unchanged\n";
try {
    $client->call('replace', $replacement);
} catch (KithError $error) {
    echo "replace again: {$error->getMessage()}\n";
}

try {
    $client->call('sync', ['contacts' => [pair(ALICE, BOB), ['ownerXCUserID' => ALICE]]]);
} catch (KithError $error) {
    echo "bad parameter: {$error->getMessage()}\n";
    echo "error info: code $error->errorCode, field $error->field\n";
}

// A large request with a time limit of one millisecond. The dry run changes nothing.
$large = [
    'ownerXCUserID' => ALICE,
    'contactXCUserIDs' => array_map(fn (int $n) => "example-$n", range(1, 10_000)),
    'dryRun' => true,
];
try {
    $client->call('replace', $large, timeoutMs: 1);
} catch (ConnectionError) {
    echo "deadline: exceeded\n";
}

// Servers can restart during these calls. The retries hide it.
echo "calling\n";
$failed = 0;
$end = microtime(true) + (float) (getenv('CALL_SECONDS') ?: 1);
while (microtime(true) < $end) {
    try {
        $client->call('count', ['xcUserID' => ALICE]);
    } catch (KithError | ConnectionError $error) {
        fwrite(STDERR, $error->getMessage() . "\n");
        $failed++;
    }
    usleep(10_000);
}
echo "failed calls: $failed\n";
