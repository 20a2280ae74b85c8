#!/bin/sh
# Generates the client and runs the example. Needs Node 22.18 or later, which runs TypeScript.
set -eu
cd "$(dirname "$0")"
npm install --silent --no-package-lock
npm run --silent generate
exec npm start --silent
