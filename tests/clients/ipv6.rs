//! A street with an IPv6 network of its own: the route command that `serve` prints is what it takes to read it.
//!
//! Everything happens in a network namespace that only these processes see, and that is gone with them.
#![cfg(target_os = "linux")]

use amitwin_testkit::program::binary;
use amitwin_testkit::serving::STREET;
use amitwin_testkit::tools::{peer, python, skip_unless_refused};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

const TEST: &str = "meters_of_an_ipv6_network_are_read_over_the_route_that_is_printed";
const NETWORK: &str = "fd00:1:2:3::/64";
/// Meters 7 and 100.
const ADDRESSES: &str = "fd00:1:2:3::7 fd00:1:2:3::64";

/// Prints `up`, the route command, and a line for each reading: address, client, transport, what it read. Exit code 99:
/// there is no such namespace here.
const SCRIPT: &str = r#"
set -eu
PATH="$PATH:/usr/sbin:/sbin"
ip link set lo up || exit 99
grep -qs . /proc/net/if_inet6 || { echo "no IPv6 here" >&2; exit 99; }
echo up

"$AMITWIN" serve "$STREET" --set "serve.listen=$NETWORK" --set serve.remote=true --allow-remote --state none \
    >counters 2>said &
server=$!
trap 'cat said >&2; kill "$server" || true' EXIT

tries=0
until route=$(sed -n 's/^if this host does not take packets.*: //p' said) && [ -n "$route" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 200 ] || { echo "no route command is printed" >&2; exit 1; }
    sleep 0.1
done
echo "$route"
port=$(sed -n 's/.*, port \([0-9]*\) .*/\1/p' said)

first=${ADDRESSES%% *}
if ip -6 route get "$first" >unrouted 2>&1; then
    echo "$first is reached without the command: $(cat unrouted)" >&2
    exit 1
fi
$route

for address in $ADDRESSES; do
    for client in dlms_gurux.py dlms_cosem_client.py; do
        for transport in tcp udp; do
            found=$("$PYTHON" "$PEERS/$client" "$address" "$port" --transport "$transport" --steps names --limit 30)
            echo "$address $client $transport $found"
        done
    done
done

trap - EXIT
kill -INT "$server"
wait "$server"
"#;

#[test]
fn meters_of_an_ipv6_network_are_read_over_the_route_that_is_printed() {
    let Some(python) = python() else { return };
    let here = tempfile::tempdir().expect("a folder");
    let mut unshare = Command::new("unshare");
    unshare.args(["-rn", "sh", "-c", SCRIPT]).current_dir(here.path());
    unshare.env("LC_ALL", "C").env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHON", python);
    unshare.env("AMITWIN", binary()).env("STREET", STREET);
    unshare.env("PEERS", peer(""));
    let output = match unshare.env("NETWORK", NETWORK).env("ADDRESSES", ADDRESSES).output() {
        Ok(output) => output,
        Err(error) => return skip_unless_refused(TEST, "network namespace", &format!("unshare: {error}")),
    };
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let Some(done) = out.strip_prefix("up\n") else {
        return skip_unless_refused(TEST, "network namespace", err.trim());
    };
    assert!(output.status.success(), "{}\n{out}{err}", output.status);

    let (route, readings) = done.split_once('\n').expect("the route command");
    assert_eq!(route, format!("ip -6 route add local {NETWORK} dev lo"));
    // Both clients, over TCP and UDP, find the same meter at an address, and another one at the other.
    let mut names: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for line in readings.lines() {
        let parts: Vec<&str> = line.splitn(4, ' ').collect();
        let found: Value = serde_json::from_str(parts[3]).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(found["clock_off_s"].as_u64() <= Some(5), "{line}");
        names.entry(parts[0]).or_default().insert(format!("{} {}", found["name"], found["device"]));
    }
    assert_eq!((readings.lines().count(), names.len()), (8, 2), "{out}");
    let each: Vec<&BTreeSet<String>> = names.values().collect();
    assert!(each.iter().all(|names| names.len() == 1) && each[0] != each[1], "{names:?}");
}
