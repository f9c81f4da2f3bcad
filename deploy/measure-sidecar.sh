#!/usr/bin/env bash
# Start-up time and memory of the image with the settings of kubernetes/sidecar.yaml, under pgbench from the same
# network namespace. Needs the images carpool and postgres:15, and leaves nothing behind.
#
#   deploy/measure-sidecar.sh [SECONDS [MEMORY LIMIT [docker create ARGUMENT...]]]
set -euo pipefail
seconds=${1:-60}
limit=${2:-128m}
shift $(($# < 2 ? $# : 2))
name=carpool-measure-$$
postgres=${POSTGRES_IMAGE:-postgres:15}
cleanup() { docker rm -fv "$name" "$name-app" "$name-db" >/dev/null 2>&1 || true; }
trap cleanup EXIT

address() { docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$1"; }
app() { docker exec -e PGUSER=app -e PGDATABASE=app -e PGPASSWORD=secret "$name-app" "$@"; }
memory() {
  docker top "$name" -eo pid,rss | awk -v when="$1" 'NR == 2 { printf "%-16s resident %d MiB", when, $2 / 1024 }'
  docker stats --no-stream --format ', of the container {{.MemUsage}}' "$name"
}

docker run -d --name "$name-db" -e POSTGRES_PASSWORD=secret -e POSTGRES_USER=app "$postgres" >/dev/null
docker run -d --name "$name-app" --entrypoint sleep "$postgres" 3600 >/dev/null
server=$(address "$name-db")
for _ in $(seq 120); do
  if app psql -h "$server" -c 'select 1' >/dev/null 2>&1; then break; fi
  sleep 0.5
done
app pgbench -h "$server" -q -i -s 1 >/dev/null 2>&1

docker create --name "$name" --network "container:$name-app" --memory "$limit" --read-only --cap-drop ALL \
  --security-opt no-new-privileges -e "CARPOOL_UPSTREAM=postgresql://$server:5432" -e CARPOOL_LISTEN_ADDR=127.0.0.1 \
  -e CARPOOL_MAX_SERVER_CONNECTIONS=5 -e CARPOOL_EVENT_LOOPS=1 "$@" carpool >/dev/null
admin=$(address "$name-app")
before=$(date +%s%N)
docker start "$name" >/dev/null
for _ in $(seq 1500); do
  status=
  if { exec 3<>"/dev/tcp/$admin/9432"; } 2>/dev/null; then
    printf 'GET /readyz HTTP/1.1\r\nHost: carpool\r\nConnection: close\r\n\r\n' >&3
    read -r -t 2 _ status _ <&3 || true
    if [ "$status" = 200 ]; then break; fi
  fi
  sleep 0.02
done
echo "ready            $((($(date +%s%N) - before) / 1000000)) ms after docker start (load average $(cut -d' ' -f1 /proc/loadavg))"
sleep 2
memory 'after the start'
app pgbench -h 127.0.0.1 -p 6432 -n -S -c 16 -T "$seconds" -M prepared | grep -E '^(tps|latency average)'
memory "after ${seconds} s"
docker stop "$name" >/dev/null
docker inspect -f 'exit code        {{.State.ExitCode}}' "$name"
