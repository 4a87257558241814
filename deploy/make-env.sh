#!/usr/bin/env bash
# Writes .env beside docker-compose.yml with fresh secrets; never overwrites one. Needs python3.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -e .env ]; then
    echo "make-env: .env exists already; move it away to make new secrets (old data needs the old ones)" >&2
    exit 1
fi
umask 077
python3 - >.env <<'PYTHON'
import base64
import secrets

for line in open(".env.example", encoding="utf-8"):
    name, equals, value = line.rstrip("\n").partition("=")
    if not equals or line.startswith(("#", "SALLA_CLIENT")) or value:
        print(line, end="")
    elif name in ("VAULT_KEYS", "AUDIT_KEYS"):
        print(f"{name}=k1:{base64.b64encode(secrets.token_bytes(32)).decode()}")
    else:
        print(f"{name}={secrets.token_hex(24)}")
PYTHON
echo "make-env: wrote .env; fill in SALLA_CLIENT_ID, SALLA_CLIENT_SECRET, PUBLIC_URL and DASHBOARD_URL"
