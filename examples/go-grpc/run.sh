#!/bin/sh
# Generates the client with buf, builds and runs the example.
set -eu
cd "$(dirname "$0")"
buf generate ../../proto --path ../../proto/contact
exec go run .
