#!/bin/sh
# Generates the client, builds and runs the example.
set -eu
cd "$(dirname "$0")"
exec mvn -q -B compile exec:java
