#!/usr/bin/env bash
# Packs the package as it would be published, installs it into an empty project as a user would, starts the
# service on the sample corpus, asks one question, and stops it. What `files` in package.json forgets shows here.
# Usage: bash scripts/check-package.sh    after npm ci
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
service=
cleanup() {
  [ -z "$service" ] || kill -KILL "$service" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
fail() {
  printf 'FAIL: %s\n' "$1" >&2
  [ ! -f "$work/service.log" ] || tail -n 30 "$work/service.log" >&2
  exit 1
}

export ONNXRUNTIME_NODE_INSTALL=skip
cd "$repository"
npm pack --silent --pack-destination "$work" >/dev/null
mkdir "$work/project"
cd "$work/project"
# npm 11 runs install scripts only of packages that the installing project allows.
node -e '
  const { allowScripts } = require(process.argv[1]);
  const project = { name: "probe", private: true, allowScripts };
  require("node:fs").writeFileSync("package.json", JSON.stringify(project));
' "$repository/package.json"
# A compiler that fails for hnswlib-node alone: the package must install all the same, and search exactly.
cat >"$work/cxx" <<'SCRIPT'
#!/bin/sh
case "$PWD" in */hnswlib-node/*) echo 'no compiler for hnswlib-node' >&2; exit 1 ;; esac
exec "${REAL_CXX:-g++}" "$@"
SCRIPT
chmod +x "$work/cxx"
REAL_CXX=${CXX:-g++} CXX=$work/cxx npm install --omit=dev --no-audit --no-fund "$work"/nearpaper-*.tgz
[ ! -e node_modules/hnswlib-node ] || fail 'hnswlib-node was installed although its build failed'

want=$(node -p 'require(process.argv[1]).version' "$repository/package.json")
got=$(npx --no-install nearpaper --version)
[ "$got" = "$want" ] || fail "--version printed '$got', package.json says $want"

# Starts the service, asks it, and stops it. Usage: try_service EXPRESSION, which must hold for `info`, /v1/info's answer.
try_service() {
  # There from the first: it is read before the service has begun to write.
  : >"$work/service.log"
  # The file that the command's link leads to, in a process of its own: a signal to npx would not say how it ended.
  NEARPAPER_INDEX=$work/index node node_modules/.bin/nearpaper start --host 127.0.0.1 --port 0 \
    >"$work/service.log" 2>&1 &
  service=$!
  url=
  for ((try = 0; try < 300; try++)); do
    kill -0 "$service" 2>/dev/null || fail 'the service ended before it was ready'
    url=$(sed -n 's/.*"url":"\([^"]*\)".*/\1/p' "$work/service.log" | head -n 1)
    [ -z "$url" ] || break
    sleep 0.2
  done
  [ -n "$url" ] || fail 'the service was not ready after 60 s'
  # shellcheck disable=SC2016 # JavaScript's ${}, not the shell's
  node --input-type=module -e '
    const [url, expression] = process.argv.slice(1);
    const get = async (path) => {
      const response = await fetch(url + path, { signal: AbortSignal.timeout(10_000) });
      const body = await response.json();
      if (!response.ok) throw new Error(`${path} answered ${response.status}: ${body.detail}`);
      return body;
    };
    await get("/readyz");
    const { results } = await get("/v1/search?q=agents+that+use+a+browser&limit=3");
    if (results.length !== 3) throw new Error("the search found nothing");
    const { openapi } = await get("/openapi.json");
    if (!openapi.startsWith("3.1.")) throw new Error("no OpenAPI document");
    const page = await (await fetch(url + "/docs")).text();
    const script = await fetch(new URL(/src="([^"]+)"/.exec(page)[1], url + "/docs"));
    if (!script.ok) throw new Error(`the script of /docs answered ${script.status}`);
    const info = await get("/v1/info");
    if (!new Function("info", `return ${expression}`)(info)) throw new Error(JSON.stringify(info));
  ' "$url" "$1" || fail 'the service does not answer as it should'
  kill -TERM "$service"
  code=0
  wait "$service" || code=$?
  service=
  [ "$code" = 0 ] || fail "the service ended with $code after SIGTERM"
}

try_service 'info.search.engine === "exact" && info.search.hnsw === null && /hnswlib-node/.test(info.search.note)'
grep -q 'built without hnswlib-node' "$work/service.log" || fail 'the log does not say that hnswlib-node is missing'
NEARPAPER_INDEX=$work/index npx --no-install nearpaper doctor >"$work/doctor.log" || fail 'doctor finds more than a warning'
grep -q 'warning hnswlib-node: .*apt-get install' "$work/doctor.log" || fail 'doctor does not say how to get hnswlib-node'

# What those messages advise: with a compiler, install again and build.
npm install --omit=dev --no-audit --no-fund
NEARPAPER_INDEX=$work/index npx --no-install nearpaper build
try_service 'info.search.hnsw !== null && info.search.note === null'
printf 'nearpaper %s: packed, installed, started, answered, stopped.\n' "$want"
