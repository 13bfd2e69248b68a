#!/bin/sh
# Removes from a node_modules without development packages what the service never loads on this platform: about
# 450 MB. For the container image; the index stage of the Dockerfile runs on what is left.
# Usage: trim-modules.sh NODE_MODULES
set -eu
cd "$1"
target=$(node -p 'process.platform + "/" + process.arch')

# onnxruntime: other platforms' binaries and the GPU providers; the web build, and what only it depends on.
find onnxruntime-node/bin -mindepth 3 -maxdepth 3 ! -path "*/$target" -exec rm -rf {} +
find onnxruntime-node/bin -name '*onnxruntime_providers_*' -delete
find onnxruntime-node/bin -type d -empty -delete
rm -rf onnxruntime-node/lib onnxruntime-node/script
rm -rf onnxruntime-web flatbuffers guid-typescript long platform protobufjs @protobufjs

# Transformers.js: the browser's, the minified and the CommonJS builds, and the sources.
rm -rf @huggingface/transformers/src @huggingface/transformers/types
find @huggingface/transformers/dist -type f ! -name transformers.node.mjs -delete

# Native modules: sources and object files. hnswlib-node is optional to npm, not to this image: fails where it is absent.
rm -rf better-sqlite3/deps better-sqlite3/src hnswlib-node/src node-addon-api
for addon in better-sqlite3/build/Release/better_sqlite3.node hnswlib-node/build/Release/addon.node; do
  test -f "$addon"
  find "${addon%/Release/*}" -type f ! -path "$addon" -delete
  find "${addon%/Release/*}" -type d -empty -delete
done

# Types, sources and source maps of all packages; none is read at run time.
find . -type f \( -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.map' \) -delete
rm -rf .package-lock.json .bin .cache
