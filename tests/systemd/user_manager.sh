#!/usr/bin/env bash
# A real `systemd --user` with a session bus and a journal of its own, in private namespaces.
#
#   user_manager.sh UID HOME_TEMPLATE EXPOSED_PATH...          (as root)
#
# Prints "ready PID" once the manager is up; PID is for nsenter. Everything ends when standard input
# does. The machine is left as it was: mounts, processes and users are private to the namespaces.
set -eu

outside() {
    local cgroup
    cgroup=$(findmnt --noheadings --types cgroup2 --output TARGET | head -1)/msd-test.$$
    mkdir "$cgroup"
    # shellcheck disable=SC2064
    trap "remove_cgroup '$cgroup'" EXIT
    bash -c 'echo $$ > "$1/cgroup.procs"; shift; exec "$@"' _ "$cgroup" \
        unshare --mount --pid --fork --cgroup --ipc --propagation private --kill-child \
        "$0" --inside "$@"
}

remove_cgroup() {
    for _ in $(seq 20); do # the last processes may still be ending
        find "$1" -depth -type d -exec rmdir {} + 2>/dev/null && return
        sleep 0.1
    done
}

inside() {
    local uid=$1 template=$2 outer_pid user_cgroup home=/run/msd-test
    shift 2
    read -r outer_pid _ </proc/self/stat # the machine's own /proc still knows the outer number
    mount -t proc proc /proc
    mount -t tmpfs -o mode=755 tmpfs /run
    expose "$@"
    add_user "$uid" "$home"
    # /run/systemd/system says "booted with systemd"; unit-root is where sandboxes are built
    mkdir -p /run/systemd/{system,unit-root,mount-rootfs,propagate,inaccessible} \
        "/run/user/$uid" /run/lock /run/log/journal
    cp -r "$template" "$home"
    umount -R /sys/fs/cgroup
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    user_cgroup=/sys/fs/cgroup/user.slice/user-$uid.slice/user@$uid.service
    mkdir -p "$user_cgroup/init.scope" /sys/fs/cgroup/system.slice/systemd-journald.service
    chown -R "$uid:$uid" "$home" "/run/user/$uid" "$user_cgroup"
    chmod 700 "$home" "/run/user/$uid"
    start_journal
    start_manager "$uid" "$home" "$user_cgroup"
    echo "ready $outer_pid"
    cat >/dev/null
}

# Let another user reach paths below directories that only root may enter (a Python in /root).
expose() {
    local path blocked count=0
    for path in "$@"; do
        blocked=$(first_closed_directory "$path")
        [ -n "$blocked" ] || continue
        count=$((count + 1))
        mkdir -p "/run/exposed/$count"
        mount --bind "$path" "/run/exposed/$count"
        printf '%s\t%s\t%s\n' "$count" "$blocked" "$path" >>/run/exposed/list
    done
    [ -e /run/exposed/list ] || return 0
    cut -f2 /run/exposed/list | sort -u | while read -r blocked; do
        mount -t tmpfs -o mode=755 tmpfs "$blocked"
    done
    while IFS=$'\t' read -r count _ path; do
        mkdir -p "$path"
        mount --bind "/run/exposed/$count" "$path"
    done </run/exposed/list
}

first_closed_directory() {
    local directory='' part
    IFS=/ read -ra parts <<<"${1#/}"
    for part in "${parts[@]}"; do
        directory+=/$part
        case $(stat -c %A "$directory") in
            *x | *t) ;;
            *) echo "$directory"; return ;;
        esac
    done
}

add_user() {
    cp /etc/passwd /etc/group /run/
    echo "msd-test:x:$1:$1::$2:/bin/bash" >>/run/passwd
    echo "msd-test:x:$1:" >>/run/group
    mount --bind /run/passwd /etc/passwd
    mount --bind /run/group /etc/group
}

start_journal() {
    chgrp systemd-journal /run/log/journal
    chmod 2755 /run/log/journal
    bash -c 'echo $$ > "$1"; exec /lib/systemd/systemd-journald' _ \
        /sys/fs/cgroup/system.slice/systemd-journald.service/cgroup.procs 2>/run/journald.log &
    wait_until "the journal" test -S /run/systemd/journal/socket
}

start_manager() {
    local as_user=(env -i PATH=/usr/local/bin:/usr/bin:/bin "HOME=$2" "XDG_RUNTIME_DIR=/run/user/$1"
        LANG=C.UTF-8 setpriv --reuid "$1" --regid "$1" --clear-groups)
    bash -c 'echo $$ > "$1/cgroup.procs"; cd "$2"; shift 2; exec "$@"' _ "$3" "$2" \
        "${as_user[@]}" /lib/systemd/systemd --user --log-target=journal </dev/null &>/run/manager.log &
    wait_until "systemd --user" "${as_user[@]}" systemctl --user --quiet is-active default.target
}

wait_until() {
    local what=$1
    shift
    for _ in $(seq 200); do
        "$@" 2>/dev/null && return
        sleep 0.05
    done
    cat /run/journald.log /run/manager.log >&2
    echo "$what did not start" >&2
    exit 1
}

case $1 in
    --inside) shift; inside "$@" ;;
    *) outside "$@" ;;
esac
