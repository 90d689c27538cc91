#!/usr/bin/env bash
# Makes this checkout ready: setup.sh demo | setup.sh test
#
# Installs the Debian packages that are missing (as root, or through sudo) and builds .venv from
# pyproject.toml at the versions of constraints.txt. A second run finds all in place within a second.
# Supported: Debian 12 and 13, Ubuntu 24.04. Elsewhere it names what is missing and stops.
set -euo pipefail

readonly purpose="${1:-}"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
readonly here
cd "$here/../.."

say() { printf 'Guanfang: %s\n' "$*"; }
fail() { printf 'Guanfang: %s\n' "$*" >&2; exit 1; }

case "$purpose" in
    demo) lists=("$here/packages-demo.txt"); extras="demo" ;;
    test) lists=("$here/packages-demo.txt" "$here/packages-test.txt"); extras="dev,demo" ;;
    *) fail "usage: setup.sh demo|test" ;;
esac
readonly lists extras

# --- Debian packages -------------------------------------------------------------------------------

have_any() {
    local program
    for program in "$@"; do
        if command -v "$program" >/dev/null 2>&1; then return 0; fi
    done
    return 1
}

# Prints "package flag" for each package that is wanted and not installed; the flag is optional or needed.
missing_packages() {
    local -A installed=()
    local name state words flag
    while read -r name state; do
        if [ "$state" = installed ]; then installed["${name%%:*}"]=1; fi
    done < <(dpkg-query --show --showformat='${Package} ${db:Status-Status}\n' 2>/dev/null || true)
    while read -r -a words; do
        if [ "${#words[@]}" -eq 0 ] || [ "${words[0]:0:1}" = "#" ]; then continue; fi
        name="${words[0]}"
        words=("${words[@]:1}")
        flag=needed
        if [ "${words[0]:-}" = optional ]; then flag=optional; words=("${words[@]:1}"); fi
        if [ "${words[0]:-}" = unless ] && have_any "${words[@]:1}"; then continue; fi
        if [ -z "${installed[$name]:-}" ]; then printf '%s %s\n' "$name" "$flag"; fi
    done < <(cat "${lists[@]}")
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a apt-get install --quiet --quiet --yes \
        --no-install-recommends -o Dpkg::Options::=--force-confold \
        -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@"
}

# Debian's package would start a database server on port 5432 that nobody asked for: the tests run their own.
without_a_main_cluster() {
    local conf=/etc/postgresql-common/createcluster.conf
    apt_install postgresql-common
    if [ -f "$conf" ]; then
        as_root sed -i -E 's/^#?[[:space:]]*create_main_cluster[[:space:]]*=.*/create_main_cluster = false/' "$conf"
    fi
}

install_packages() {
    local wanted=() optional=() name flag
    while read -r name flag; do
        if [ "$flag" = optional ]; then optional+=("$name"); else wanted+=("$name"); fi
    done < <(missing_packages)
    if [ $((${#wanted[@]} + ${#optional[@]})) -eq 0 ]; then return 0; fi

    if ! have_any apt-get; then
        if [ "${#wanted[@]}" -eq 0 ]; then return 0; fi
        fail "this is not a Debian or Ubuntu system. Please install the like of: ${wanted[*]}"
    fi
    if [ "$(id -u)" -ne 0 ] && ! have_any sudo; then
        if [ "${#wanted[@]}" -eq 0 ]; then return 0; fi
        fail "please run as root: apt-get install --no-install-recommends ${wanted[*]}"
    fi

    # An optional package that the distribution does not carry must not cost an update at each run.
    local remembered=".venv/.guanfang-unavailable"
    if [ "${#wanted[@]}" -eq 0 ] && [ -f "$remembered" ] && [ "$(cat "$remembered")" = "${optional[*]}" ]; then
        return 0
    fi

    say "reading the package lists"
    as_root apt-get update --quiet --quiet
    local absent=()
    for name in "${optional[@]}"; do
        # Read to the end: a reader that leaves early would fail the pipe.
        if apt-cache policy "$name" | grep -E '^ +Candidate: +[0-9]' >/dev/null; then
            wanted+=("$name")
        else
            absent+=("$name")
        fi
    done
    if [ "${#wanted[@]}" -gt 0 ]; then
        say "installing ${#wanted[@]} missing Debian packages: ${wanted[*]}"
        case " ${wanted[*]} " in *" postgresql "*) without_a_main_cluster ;; esac
        apt_install "${wanted[@]}"
    fi
    if [ "${#absent[@]}" -gt 0 ]; then
        say "not carried by this distribution, tests that need them are skipped: ${absent[*]}"
    fi
    unavailable="${absent[*]:-}"
}

# --- Python ------------------------------------------------------------------------------------------

check_python() {
    command -v python3 >/dev/null 2>&1 || fail "python3 is not in PATH."
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
        || fail "Python 3.11 or newer is needed; $(command -v python3) is $(python3 -V 2>&1 | cut -d' ' -f2)."
}

# The stamp says for which declarations .venv was built; a changed declaration changes the sum.
sum_of_declarations() {
    { cat pyproject.toml constraints.txt; python3 -V; printf '%s\n' "$extras" "$PWD"; } | sha256sum | cut -d' ' -f1
}

build_venv() {
    local stamp=".venv/.guanfang-$purpose" sum
    sum="$(sum_of_declarations)"
    if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null || true)" = "$sum" ]; then return 0; fi
    if ! .venv/bin/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        say "making the Python environment in .venv"
        python3 -m venv --clear .venv
    fi
    say "installing the Python packages of pyproject.toml [$extras] at the versions of constraints.txt"
    .venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --constraint constraints.txt \
        --editable ".[$extras]"
    printf '%s\n' "$sum" >"$stamp"
    # The tests' environment holds all that the demonstration needs.
    if [ "$purpose" = test ]; then extras_demo_stamp; fi
}

extras_demo_stamp() {
    { cat pyproject.toml constraints.txt; python3 -V; printf '%s\n' demo "$PWD"; } \
        | sha256sum | cut -d' ' -f1 >.venv/.guanfang-demo
}

# Taiwan's accessibility linter wants other versions of what mypy wants, so it lives in an environment of its own.
readonly accessibility_linter="a11y-moda==0.6.1"

build_linter() {
    local home=".venv/a11y" stamp=".venv/a11y/.guanfang"
    if [ "$(cat "$stamp" 2>/dev/null || true)" = "$accessibility_linter" ]; then return 0; fi
    say "installing $accessibility_linter"
    python3 -m venv --clear "$home"
    "$home/bin/python" -m pip install --quiet --quiet --disable-pip-version-check "$accessibility_linter"
    printf '%s\n' "$accessibility_linter" >"$stamp"
}

unavailable=""
install_packages
check_python
build_venv
if [ "$purpose" = test ]; then build_linter; fi
if [ -n "$unavailable" ]; then printf '%s\n' "$unavailable" >.venv/.guanfang-unavailable; fi
