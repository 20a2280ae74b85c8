#!/bin/sh
# Installs the packages in a virtual environment, generates the client and runs the example.
set -eu
cd "$(dirname "$0")"
[ -d .venv ] || python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
mkdir -p gen
.venv/bin/python -m grpc_tools.protoc -I ../../proto-plain --python_out=gen --pyi_out=gen \
  --grpc_python_out=gen ../../proto-plain/contact/v1/contact_service.proto
PYTHONPATH=gen exec .venv/bin/python main.py
