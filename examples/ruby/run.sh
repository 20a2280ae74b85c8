#!/bin/sh
# Generates the client and runs the example. Needs the gems grpc and grpc-tools, which Debian has as the
# packages ruby-grpc and ruby-grpc-tools.
set -eu
cd "$(dirname "$0")"
mkdir -p gen
grpc_tools_ruby_protoc -I ../../proto-plain --ruby_out=gen --grpc_out=gen contact/v1/contact_service.proto
exec ruby -I gen main.rb
