# Shared by the scripts in tools/: sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say() { printf '%s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

# install_packages FILE...: the Debian packages listed there that are missing; silent when none is.
install_packages() {
    local wanted missing
    wanted=$(sed -e 's/#.*//' "$@" | xargs)
    # shellcheck disable=SC2086
    missing=$(comm -23 <(printf '%s\n' $wanted | sort -u) \
        <(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' $wanted 2>/dev/null |
            awk '$1 == "ii" {sub(/:.*/, "", $2); print $2}' | sort -u))
    [ -z "$missing" ] && return 0
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "these Debian packages are missing and sudo is not here:" $missing
        as_root=(sudo)
    fi
    say "installing Debian packages:" $missing
    "${as_root[@]}" apt-get update -qq || die "apt-get update failed: is a Debian mirror reachable?"
    # shellcheck disable=SC2086
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing \
        >/tmp/claviger-apt.$$ 2>&1 || { cat /tmp/claviger-apt.$$ >&2; die "apt-get install failed"; }
    rm -f /tmp/claviger-apt.$$
}

# build PRESET [TARGET...]: configures once, then builds quietly; shows the log only when it fails.
build() {
    local preset=$1 log
    shift
    log=$(mktemp)
    (cd "$root" && cmake --preset "$preset" && cmake --build --preset "$preset" ${1:+--target "$@"}) >"$log" 2>&1 || {
        grep -E 'error|Error|FAILED|undefined' "$log" | head -40 >&2
        die "building the $preset preset failed; the whole log is in $log"
    }
    rm -f "$log"
}

# The stock AWS CLI of Debian, not one that another Python installed in front of it.
aws_cli=/usr/bin/aws
[ -x "$aws_cli" ] || aws_cli=aws
python=/usr/bin/python3
