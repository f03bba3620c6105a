# Sourced by scripts/run and scripts/test: Debian packages and a virtual environment, quietly.
# shellcheck shell=bash

export MSD_STARTED_IN=$PWD
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1

# Where it is set, each of the hundreds of processes of a test run compiles msd anew.
unset PYTHONDONTWRITEBYTECODE

die() {
    printf '%s\n' "$@" >&2
    exit 1
}

# absolute PATH : the path as seen from the checkout, made absolute.
absolute() {
    case $1 in
        /*) printf '%s\n' "$1" ;;
        *) printf '%s\n' "$root/$1" ;;
    esac
}

# directory_of ARGUMENT... : what --dir names, made absolute; nothing when it is not given.
directory_of() {
    local directory=''
    while [ $# -gt 0 ]; do
        case $1 in
            --dir=*) directory=${1#--dir=} ;;
            --dir) directory=${2:-}; [ -n "$directory" ] || die "--dir needs a folder." ;;
        esac
        shift
    done
    case $directory in
        '' | /*) printf '%s' "$directory" ;;
        *) printf '%s' "$MSD_STARTED_IN/$directory" ;;
    esac
}

# step NAME COMMAND... : one line when it goes well, all of its output when it does not.
step() {
    local name=$1 begin=$SECONDS output
    shift
    [ ! -t 1 ] || printf '...   %s\r' "$name"
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
        [ -n "$version" ] || find_python >/dev/null || command -v python3 >/dev/null ||
            install_packages python3
        base=$(find_python "$version") || no_python "$version"
        "$base" -c 'import ensurepip, venv' 2>/dev/null || install_packages python3-venv
        "$venv/bin/python" -c '' 2>/dev/null ||
            step "new $venv: $("$base" --version)" "$base" -m venv --clear "$venv" || exit 1
        fetch "pip" "$venv" --upgrade 'pip>=25.1'
        fetch "the packages of msd" "$venv" --editable . ${group:+--group "$group"}
        echo "$wanted" > "$venv/built-from-${group:-user}"
    fi
    exec 9<&- # lets go of the lock
}

# fetch WHAT VENV ARGUMENT... : let pip install something, or say in a sentence why it can't.
fetch() {
    local what=$1 venv=$2 output
    shift 2
    if output=$(step "$what in $venv" "$venv/bin/python" -m pip install --quiet --retries 1 "$@"); then
        printf '%s\n' "$output"
        return 0
    fi
    printf '%s\n' "$output" | tail -20 >&2
    case $output in
        *'No space left'*) die "The disk is full: make room for about 200 MB in $(absolute "$venv")." ;;
        *NewConnectionError* | *'Name or service not known'* | *'Could not find a version'* | \
            *'Temporary failure in name resolution'* | *ConnectTimeout*)
            die "The first start fetches $what and needs a network; there seems to be none." ;;
        *) die "pip could not install $what; its own words are above." ;;
    esac
}

no_python() {
    local found
    found=$(python3 --version 2>/dev/null) || found="no python3 at all"
    die "msd needs Python ${1:-3.11 or newer}, and here is $found." \
        "Install a newer one beside it, then name it: PYTHON=/path/to/python3.12 scripts/run"
}

is_built() {
    # shellcheck disable=SC2086 # GROUP may be a pattern
    "$1/bin/python" -c '' 2>/dev/null && cat "$1"/built-from-$3 2>/dev/null | grep -qxF "$2"
}
