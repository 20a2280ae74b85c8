#!/bin/sh
# Installs and runs the example. There is no generated code.
set -eu
cd "$(dirname "$0")"
npm install --silent --no-package-lock
exec npm start --silent
