#!/usr/bin/env bash
# Build the wheel, install it outside the tree into a new environment, and compose a piece with it.
set -euo pipefail
python=$1
tree=$(pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -m pip wheel --disable-pip-version-check --progress-bar off -q --no-deps -w "$work" "$tree"
wheel=$(ls "$work"/partimento-*.whl)
# two bundled models of at most 4 MB, and the code
size=$(stat -c %s "$wheel")
if [ "$size" -gt $((9 * 1024 * 1024)) ]; then
  echo "$wheel has $size bytes: more than 9 MB" >&2
  exit 1
fi

"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/python" -m pip install --disable-pip-version-check --progress-bar off -q \
  -c "$tree/constraints.txt" "$wheel"
cd "$work"
env -u PYTHONPATH "$work/env/bin/partimento" compose --seed 1 --bars 8 -o a.mid -o a.musicxml -o a.pdf -o a.wav -o a.html
env -u PYTHONPATH "$work/env/bin/partimento" settings notewise-jsb >/dev/null
for file in a.mid a.musicxml a.pdf a.wav a.html; do
  test -s "$file" || { echo "$file was not written" >&2; exit 1; }
done
echo "the wheel has $size bytes and composes"
