#!/usr/bin/env bash
# The tree of a Space in a fresh virtual environment with only requirements.txt: five minutes and
# some 1.5 GB. Stops by itself once the page answers.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
place="$(mktemp -d)"
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$place"' EXIT
python3 "$here/build_space.py" "$place/space"
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet -r "$place/space/requirements.txt"
cd "$place/space"
GRADIO_SERVER_PORT=7999 "$place/venv/bin/python" app.py &
server=$!
for _ in $(seq 60); do
  if curl --fail --silent http://127.0.0.1:7999/ready; then echo; exit 0; fi
  sleep 1
done
echo "the page did not become ready" >&2
exit 1
