#!/bin/sh
# Needs PHP 8 with the extension curl.
set -eu
cd "$(dirname "$0")"
exec php main.php
