#!/usr/bin/env bash
# Draws every picture of this folder from icon.svg and tray.svg. Needs rsvg-convert, ImageMagick and Python.
set -euo pipefail
cd "$(dirname "$0")"

svg() { rsvg-convert --width "$2" --height "$2" "$1" --output "$3"; }

svg icon.svg 32 32x32.png
svg icon.svg 128 128x128.png
svg icon.svg 256 128x128@2x.png
svg icon.svg 512 icon.png
svg tray.svg 32 tray.png
svg tray.svg 32 tray-light.png
sed 's/#000000/#ffffff/' tray.svg | rsvg-convert --width 32 --height 32 --output tray-dark.png

sizes=$(mktemp -d)
trap 'rm -r "$sizes"' EXIT
for size in 16 24 32 48 64 128 256 512 1024; do svg icon.svg "$size" "$sizes/$size.png"; done
( cd "$sizes" && /usr/bin/convert 16.png 24.png 32.png 48.png 64.png 256.png icon.ico )
mv "$sizes/icon.ico" icon.ico

# An icns file is a list of (type, length, PNG) behind a head; macOS reads these types as PNG.
python3 - "$sizes" icon.icns <<'PY'
import pathlib, struct, sys
folder, out = map(pathlib.Path, sys.argv[1:])
types = {"icp4": 16, "icp5": 32, "icp6": 64, "ic07": 128, "ic08": 256, "ic09": 512, "ic10": 1024}
body = b""
for name, size in types.items():
    png = (folder / f"{size}.png").read_bytes()
    body += name.encode() + struct.pack(">I", len(png) + 8) + png
out.write_bytes(b"icns" + struct.pack(">I", len(body) + 8) + body)
PY
