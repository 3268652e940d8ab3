#!/bin/sh
# Runs as root in a fresh Debian with the packages in /packages and the projects in /projects; test_packages.py calls it.
# It goes the way of a user: first the program, then a producer with its own database's library alone, then a service.
set -eux
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }
database=/tmp/shop.db

install /packages/waybill_*.deb
waybill --version
getent passwd waybill
test "$(stat -c '%A %U %G' /etc/waybill/waybill.toml)" = '-rw-r----- root waybill'
waybill --config /etc/waybill/waybill.toml check --offline
test -s /usr/share/bash-completion/completions/waybill
test -s /usr/share/zsh/vendor-completions/_waybill
test -s /lib/systemd/system/waybill-relay.service
cat >/tmp/waybill.toml <<EOF
[store.shop]
url = "sqlite://$database"
[broker.main]
url = "amqp://localhost"
[[route]]
topic = "*"
broker = "main"
exchange = "shop"
EOF
waybill --config /tmp/waybill.toml migrate

install /packages/libwaybill0_*.deb /packages/libwaybill-dev_*.deb g++ make cmake libsqlite3-dev
cmake -S /projects/producer -B /tmp/producer >/dev/null
cmake --build /tmp/producer
/tmp/producer/order "$database"
/tmp/producer/order_from_c "$database"
if ldd /tmp/producer/order | grep -E 'libpq|mariadb|hiredis|rabbitmq|rdkafka|grpc'; then exit 1; fi
for standard in 17 20 23; do
  # The flags are words.
  # shellcheck disable=SC2046
  g++ -std=c++$standard -Wall -Wextra -Werror /projects/producer/order.cpp -o /tmp/order \
    $(pkg-config --cflags --libs waybill-outbox-sqlite)
  /tmp/order "$database"
done
if cmake -S /projects/missing -B /tmp/missing >/tmp/missing.log 2>&1; then exit 1; fi
grep -A5 libpq /tmp/missing.log

install libpq-dev libmariadb-dev libhiredis-dev librabbitmq-dev librdkafka-dev libgrpc++-dev libprotobuf-dev zlib1g-dev
cmake -S /projects/service -B /tmp/service >/dev/null
cmake --build /tmp/service
/tmp/service/service "$database"

dpkg --purge libwaybill-dev libwaybill0 waybill >/dev/null
test ! -e /etc/waybill
test ! -e /usr/bin/waybill
echo 'all as promised'
