// Exits with 0 if the service in this container is ready, else with 1.
import { readFileSync } from "node:fs";

const { PORT = "8080", TLS_CERT_FILE, TLS_KEY_FILE } = process.env;
const isSecure = Boolean(TLS_CERT_FILE);
const { request } = await import(isSecure ? "node:https" : "node:http");

// The certificate does not have the address 127.0.0.1. A service that requires client certificates gets its own.
const options = isSecure
  ? {
      rejectUnauthorized: false,
      cert: readFileSync(TLS_CERT_FILE),
      key: readFileSync(TLS_KEY_FILE),
    }
  : {};

request({ host: "127.0.0.1", port: PORT, path: "/readyz", agent: false, ...options })
  .on("response", ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1))
  .on("error", () => process.exit(1))
  .end();
