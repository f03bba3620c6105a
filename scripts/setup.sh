# Sourced by scripts/run and scripts/test: Debian packages and a virtual environment, quietly.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1

# Where it is set, each of the hundreds of processes of a test run compiles msd anew.
unset PYTHONDONTWRITEBYTECODE

die() {
    printf '%s\n' "$@" >&2
    exit 1
}

# step NAME COMMAND... : one line when it goes well, all of its output when it does not.
step() {
    local name=$1 begin=$SECONDS output
    shift
    if output=$("$@" 2>&1); then
        printf 'ok    %s (%s s)\n' "$name" $((SECONDS - begin))
        return 0
    fi
    printf '%s\nFAIL  %s: %s\n' "$output" "$name" "$*"
    return 1
}

# need_commands COMMAND:PACKAGE... : install the Debian packages of the commands (or files) that are
# missing, or name the line that does.
need_commands() {
    local pair missing=()
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null || [ -e "${pair%%:*}" ] || missing+=("${pair##*:}")
    done
    install_packages "${missing[@]}"
}

install_packages() {
    local sudo=()
    [ $# -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ]; then
        sudo=(sudo -n)
        sudo -n true 2>/dev/null || die "Please install what is missing, then start again:" \
            "    sudo apt-get install --no-install-recommends $*"
    fi
    command -v apt-get >/dev/null || die "Please install the equivalents of these Debian packages: $*"
    step "apt-get update" "${sudo[@]}" apt-get -qq update || exit 1
    step "apt-get install $*" "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 install "$@" || exit 1
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# find_python [VERSION] : print the interpreter to build the environment with, such as 3.12's; fail
# when there is none. pyenv's versions count although only one of them is on the path.
find_python() {
    local candidate version=${1:-}
    if [ -z "$version" ]; then
        for candidate in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11; do
            is_new_enough "$candidate" && command -v "$candidate" && return 0
        done
        return 1
    fi
    for candidate in "python$version" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python; do
        "$candidate" -c '' 2>/dev/null && command -v "$candidate" && return 0
    done
    return 1
}

# build_venv DIRECTORY VERSION GROUP : bring the environment up to date. It is left alone while
# pyproject.toml is what it was built from. GROUP is a dependency group; "" stands for what msd
# itself needs, which every group includes.
build_venv() {
    local venv=$1 version=$2 group=$3 base wanted
    wanted="$(cksum < pyproject.toml) $root"
    exec 9<"$root"
    flock 9 # two scripts started together build it once
    if ! is_built "$venv" "$wanted" "${group:-*}"; then
        [ -n "$version" ] || find_python >/dev/null || install_packages python3
        base=$(find_python "$version") || die "Python ${version:-3.11 or newer} was not found."
        "$base" -c 'import ensurepip, venv' 2>/dev/null || install_packages python3-venv
        "$venv/bin/python" -c '' 2>/dev/null ||
            step "new $venv: $("$base" --version)" "$base" -m venv --clear "$venv" || exit 1
        step "pip in $venv" "$venv/bin/python" -m pip install --quiet --upgrade 'pip>=25.1' || exit 1
        step "packages in $venv" "$venv/bin/python" -m pip install --quiet --editable . \
            ${group:+--group "$group"} || exit 1
        echo "$wanted" > "$venv/built-from-${group:-user}"
    fi
    exec 9<&- # lets go of the lock
}

is_built() {
    # shellcheck disable=SC2086 # GROUP may be a pattern
    "$1/bin/python" -c '' 2>/dev/null && cat "$1"/built-from-$3 2>/dev/null | grep -qxF "$2"
}
