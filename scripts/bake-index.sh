#!/bin/sh
# Builds the image's index into NEARPAPER_INDEX, from the file in corpus/ that CORPUS was copied to.
# Usage: bake-index.sh CORPUS    in the folder that holds dist/, models/ and corpus/
set -eu
nearpaper='node dist/src/cli.js'

if [ "$1" = index-data/sample-page.txt ]; then
  $nearpaper build --sample
else
  $nearpaper build "corpus/${1##*/}"
fi

$nearpaper doctor
# What locks and temporary files a build leaves is of no use to a reader.
rm -f "$NEARPAPER_INDEX"/writer.lock "$NEARPAPER_INDEX"/writer.json
