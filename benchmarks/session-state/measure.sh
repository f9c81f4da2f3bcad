#!/usr/bin/env bash
# What keeping session state costs: each script of this directory through Carpool in session and in transaction mode, side
# by side, in turns. Prints for each the CPU time of the proxy and of PostgreSQL's processes per transaction, in µs, the
# median of the rounds. Needs a PostgreSQL 15 or newer on this machine with pgbench's tables, and its postmaster's process id.
#
#   PGHOST=127.0.0.1 PGPORT=5432 PGUSER=... PGPASSWORD=... PGDATABASE=... \
#     benchmarks/session-state/measure.sh POSTMASTER_PID [SECONDS [ROUNDS]]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
postmaster=$1 seconds=${2:-10} rounds=${3:-3}
jar=../../proxy-server/target/carpool.jar
clients=16
tick=$((1000000 / $(getconf CLK_TCK)))
declare -A pid port

cleanup() { for mode in "${!pid[@]}"; do kill "${pid[$mode]}" 2>/dev/null || true; done; }
trap cleanup EXIT

start() { # mode, port, setting...
  local mode=$1 at=$2
  shift 2
  java -XX:+UseSerialGC -jar "$jar" run --upstream "postgresql://$PGHOST:$PGPORT" --listen "127.0.0.1:$at" \
    --admin "127.0.0.1:$((at + 1000))" --set event_loops=1 --set default_pool_size=20 "$@" >"${TMPDIR:-/tmp}/carpool-$mode.log" 2>&1 &
  pid[$mode]=$! port[$mode]=$at
  until curl -sf "http://127.0.0.1:$((at + 1000))/readyz" >/dev/null; do kill -0 "${pid[$mode]}"; done
}

# CPU time in clock ticks: of a process, and of all children of the postmaster, those that have ended included.
used() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }
used_by_server() {
  { awk '{ sub(/.*\) /, ""); print $14 + $15 }' "/proc/$postmaster/stat"
    for child in $(pgrep -P "$postmaster"); do used "$child" 2>/dev/null || true; done; } | awk '{ sum += $1 } END { print sum }'
}

run() { # mode, script, seconds: proxy µs, server µs and transactions per second
  local p s n
  p=$(used "${pid[$1]}") s=$(used_by_server)
  n=$(pgbench -h 127.0.0.1 -p "${port[$1]}" -n -f "$2" -c $clients -j 2 -T "$3" 2>/dev/null |
    sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p')
  sleep 0.2 # the accounts of processes that have just ended
  p=$((($(used "${pid[$1]}") - p) * tick)) s=$((($(used_by_server) - s) * tick))
  awk -v p=$p -v s=$s -v n="$n" -v t="$3" 'BEGIN { printf "%.1f %.1f %.0f\n", p / n, s / n, n / t }'
}

start session 7432 --set pool_mode=session
start transaction 7433 --set pool_mode=transaction
printf '%-30s %-12s %10s %10s %8s\n' script mode 'proxy µs' 'server µs' tps
for script in select.sql set-heavy.sql set-heavy-in-transaction.sql; do
  results=$(mktemp -d)
  for mode in session transaction; do run $mode $script 20 >/dev/null; done
  for _ in $(seq "$rounds"); do
    for mode in session transaction; do run $mode $script "$seconds" >>"$results/$mode"; done
  done
  for mode in session transaction; do
    sort -n "$results/$mode" | awk -v s=$script -v m=$mode \
      '{ line[NR] = $0 } END { split(line[int((NR + 1) / 2)], f); printf "%-30s %-12s %10s %10s %8s\n", s, m, f[1], f[2], f[3] }'
  done
  rm -r "$results"
done
