# The Debian packages that Flywheel needs, and their installation.

# What building and running needs. "package@command" is content with the command, wherever it comes
# from; a bare name asks for the package itself.
BUILD_PACKAGES=(
  g++@g++ cmake@cmake ninja-build@ninja mold@mold ccache@ccache pkg-config@pkg-config
  protobuf-compiler libprotobuf-dev libabsl-dev librocksdb-dev librdkafka-dev libboost1.81-dev libboost-url1.81-dev libxxhash-dev libcli11-dev libfmt-dev libcsv-dev libjemalloc-dev
  libssl-dev nlohmann-json3-dev tzdata ca-certificates
)

# What the tests and checks need besides. llvm-19 has the symbolizer, by which the sanitizers name
# functions and match the suppressions; the two -dev have the headers of clang-tidy's plugin.
TEST_PACKAGES=(
  catch2 librapidcheck-dev python3@python3
  clang-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev llvm-19@llvm-symbolizer-19
  libclang-19-dev llvm-19-dev
  nodejs@node npm@npm default-jdk-headless@javac python3-venv
)

# What a Kafka broker on this machine needs: scripts/kafka.sh.
KAFKA_PACKAGES=(default-jre-headless@java maven@mvn kcat@kcat)

BENCH_PACKAGES=(libbenchmark-dev python3@python3 nginx-light@nginx redis-server@redis-server wrk@wrk)

# The version of buf that checks the schemas; it comes from npm into .tools/.
readonly BUF_VERSION=1.50.0
readonly BUF=.tools/node_modules/.bin/buf

# What judges the bundle of `flywheel schemas export`; from npm into a folder of its own, since npm drops from a folder
# what it is not asked for.
readonly BUNDLE_TOOLS=.tools/bundle
readonly BUNDLE_PACKAGES=(ajv@8.20.0 ajv-formats@3.0.1 @asyncapi/parser@3.6.6)

package_present() {
  local package="${1%@*}" tool="${1#*@}"
  if [[ "$1" == *@* ]] && command -v "$tool" >/dev/null; then
    return 0
  fi
  [[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" == installed ]]
}

# install_packages build|test|bench|kafka: installs what is missing for that purpose, if anything is.
install_packages() {
  local wanted=("${BUILD_PACKAGES[@]}") missing=() entry
  case "$1" in
    test) wanted+=("${TEST_PACKAGES[@]}" "${KAFKA_PACKAGES[@]}") ;;
    kafka) wanted=("${KAFKA_PACKAGES[@]}") ;;
    bench) wanted+=("${BENCH_PACKAGES[@]}") ;;
  esac
  for entry in "${wanted[@]}"; do
    package_present "$entry" || missing+=("${entry%@*}")
  done
  ((${#missing[@]} == 0)) && return 0

  command -v apt-get >/dev/null ||
    die "these Debian packages are missing and there is no apt-get: ${missing[*]}"
  local as_root=()
  if [[ "$(id -u)" != 0 ]]; then
    command -v sudo >/dev/null ||
      die "these packages are missing; run as root, install sudo, or install them: ${missing[*]}"
    as_root=(sudo)
  fi
  note "installing ${#missing[@]} packages: ${missing[*]}"
  run_quietly apt-update "${as_root[@]}" apt-get update
  run_quietly apt-install "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "${missing[@]}"
}

# run_quietly NAME COMMAND...: says that it is still running; shows the output only when it fails.
run_quietly() {
  local name="$1" log="$LOGS/$1.log" status=0
  shift
  mkdir -p "$LOGS"
  : >"$log"
  start_ticker "$name" "$log"
  "$@" >"$log" 2>&1 </dev/null || status=$?
  stop_ticker
  ((status == 0)) && return 0
  tail -n 40 "$log" >&2
  die "'$*' failed; the whole output is in $log"
}

install_buf() {
  [[ -x "$BUF" && "$("$BUF" --version 2>/dev/null)" == "$BUF_VERSION" ]] && return 0
  mkdir -p .tools
  npm install --prefix .tools --no-save --no-audit --no-fund --loglevel=error \
    "@bufbuild/buf@$BUF_VERSION"
}

install_bundle_tools() {
  local wanted="${BUNDLE_PACKAGES[*]}" installed="$BUNDLE_TOOLS/installed"
  [[ -f "$installed" && "$(<"$installed")" == "$wanted" ]] && return 0
  rm -rf "$BUNDLE_TOOLS"
  mkdir -p "$BUNDLE_TOOLS"
  npm install --prefix "$BUNDLE_TOOLS" --no-save --no-audit --no-fund --loglevel=error "${BUNDLE_PACKAGES[@]}"
  echo "$wanted" >"$installed"
}
