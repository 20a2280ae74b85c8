#!/bin/sh
# Generates the types and runs the example. Needs Node 22.18 or later, which runs TypeScript.
set -eu
cd "$(dirname "$0")"
npm install --silent --no-package-lock
npm run --silent generate >&2
npm run --silent check
exec npm start --silent
