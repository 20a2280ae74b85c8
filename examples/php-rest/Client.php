<?php

declare(strict_types=1);

/** A call failed. The fields are those of `error` in the response. */
final class KithError extends RuntimeException
{
    public function __construct(
        public readonly int $status,
        public readonly string $errorCode,
        string $message,
        public readonly string $field,
    ) {
        parent::__construct($message);
    }
}

/** The call has no response: the connection was lost, or the time limit was exceeded. */
final class ConnectionError extends RuntimeException
{
}

/** A client of Kith's REST API. */
final class Client
{
    private const ATTEMPTS = 5;

    private readonly CurlHandle $curl;

    public function __construct(private readonly string $url, string $serverKey)
    {
        $this->curl = curl_init();
        curl_setopt_array($this->curl, [
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_NOSIGNAL => true,
            CURLOPT_HTTPHEADER => ["Server-Key: $serverKey", 'Content-Type: application/json'],
        ]);
    }

    /**
     * Returns the data of the response.
     *
     * Every call is safe to repeat, so it is retried after a lost connection, 429 and 503.
     */
    public function call(string $name, array $body, int $timeoutMs = 10_000): array
    {
        $delayMs = 100;
        for ($attempt = 1; ; $attempt++) {
            curl_setopt_array($this->curl, [
                CURLOPT_URL => "$this->url/v1/server/contact/$name",
                CURLOPT_POSTFIELDS => json_encode($body, JSON_THROW_ON_ERROR),
                CURLOPT_TIMEOUT_MS => $timeoutMs,
            ]);
            $text = curl_exec($this->curl);
            $status = curl_getinfo($this->curl, CURLINFO_RESPONSE_CODE);
            $isTransient = $text === false
                ? curl_errno($this->curl) !== CURLE_OPERATION_TIMEDOUT
                : $status === 429 || $status === 503;
            if ($attempt === self::ATTEMPTS || !$isTransient) {
                break;
            }
            usleep($delayMs * 1_000);
            $delayMs *= 2;
        }
        if ($text === false) {
            throw new ConnectionError(curl_error($this->curl), curl_errno($this->curl));
        }
        $envelope = json_decode($text, true, flags: JSON_THROW_ON_ERROR);
        if ($status !== 200) {
            $error = $envelope['error'];
            throw new KithError($status, $error['code'], $error['message'], $error['field']);
        }
        return $envelope['data'];
    }
}
