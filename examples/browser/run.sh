#!/bin/sh
# Generates the client and serves the page on http://127.0.0.1:3000. Start Kith with that origin:
#   CORS_ORIGINS=http://127.0.0.1:3000 npm start
set -eu
cd "$(dirname "$0")"
npm install --silent --no-package-lock
npm run --silent generate
exec npm start --silent
