#!/bin/bash
# The stage "training" of the Dockerfile. "install" fetches a PostgreSQL; "run FILE" runs Carpool in front of it, with the
# flags of the image, and leaves what the JVM learned in the AOT cache FILE. Without PostgreSQL it learns a start alone.
set -euo pipefail

database=127.0.0.1:54321
proxy=127.0.0.1:54322
admin=127.0.0.1:54323
certificate=/etc/ssl/certs/ssl-cert-snakeoil.pem
key=/etc/ssl/private/ssl-cert-snakeoil.key

as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }

# answers HOST:PORT [PATH]: whether somebody listens there and, with PATH, answers 200.
answers() {
  local _ status=
  { exec 3<>"/dev/tcp/${1%:*}/${1##*:}"; } 2>/dev/null || return 1
  if [ $# = 1 ]; then return; fi
  printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$2" >&3
  read -r -t 5 _ status _ <&3
  [ "$status" = 200 ]
}

# wait_for WHAT HOST:PORT [PATH]: half a minute at most.
wait_for() {
  local what=$1 _
  shift
  for _ in $(seq 300); do
    if answers "$@"; then return; fi
    sleep 0.1
  done
  echo "$what did not start" >&2
  return 1
}

start_postgres() {
  local programs
  programs=$(dirname "$(ls /usr/lib/postgresql/*/bin/postgres | tail -n 1)")
  install -d -o postgres /tmp/training
  printf training >/tmp/training/password
  as_postgres "$programs/initdb" -D /tmp/training/data -U app --auth=scram-sha-256 --pwfile=/tmp/training/password >/dev/null
  as_postgres "$programs/postgres" -D /tmp/training/data -p "${database##*:}" -k /tmp/training -c listen_addresses=127.0.0.1 \
    -c fsync=off -c ssl=on -c ssl_cert_file=$certificate -c ssl_key_file=$key >/tmp/training/postgres.log 2>&1 &
  wait_for PostgreSQL "$database"
}

use() {
  export PGPASSWORD=training
  local url="postgresql://app@$proxy/postgres" mode tls page
  timeout 60 psql -q "$url" -c 'select count(*) from pg_class' >/dev/null
  pgbench -q -i -s 1 "$url" 2>/dev/null
  for tls in disable require; do
    for mode in simple extended prepared; do
      timeout 60 pgbench -n -S -c 4 -T 2 -M $mode "$url?sslmode=$tls" >/dev/null
      timeout 60 pgbench -n -c 4 -T 1 -M $mode "$url?sslmode=$tls" >/dev/null
    done
  done
  # An error and a copy; then what an operator looks at.
  timeout 60 psql -q "$url" -c 'select 1/0' >/dev/null 2>&1 || true
  timeout 60 psql -q "$url" -c '\copy pgbench_accounts to /dev/null' >/dev/null
  for page in /livez /health /metrics /api/stats; do
    answers "$admin" "$page" || echo "no $page" >&2
  done
}

case $1 in
  install)
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null
    ;;
  run)
    tls=()
    if command -v psql >/dev/null; then
      start_postgres
      tls=(--set client_tls_sslmode=allow --set client_tls_cert_file=$certificate --set client_tls_key_file=$key)
    fi
    /opt/carpool/java/bin/java @/opt/carpool/jvm.options -Xmx128m -XX:AOTCacheOutput="$2" -jar /opt/carpool/carpool.jar \
      run --upstream "postgresql://$database" --listen "$proxy" --admin "$admin" "${tls[@]}" &
    carpool=$!
    wait_for Carpool "$admin" /readyz
    if command -v psql >/dev/null; then use; fi
    kill -TERM "$carpool"
    wait "$carpool"
    # PostgreSQL ends with the build step.
    chmod a+r "$2"
    ;;
esac
