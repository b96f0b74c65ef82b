# shellcheck shell=sh disable=SC2034,SC2012 # read by lib.sh; ls of directories of its own
# PostgreSQL: pg_hba.conf, inet_client_addr(), pg_stat_activity, log_connections.
PORTS=5432

serve() {
	version=$(ls /etc/postgresql | head -n 1)
	mkdir -p /run/postgresql
	chown postgres /run/postgresql
	cat >hba <<END
local all all trust
host all in_client $CLIENT4/32 trust
host all in_client $CLIENT6/128 trust
host all in_balancer $LIP4/32 trust
host all in_balancer $LIP6/128 trust
host all not_balancer $LIP4/32 reject
host all not_balancer $LIP6/128 reject
host all not_balancer 0.0.0.0/0 trust
host all not_balancer ::/0 trust
END
	chmod 644 hba
	start server "$WORK/postgresql.log" setpriv --reuid=postgres --regid=postgres --init-groups \
		"/usr/lib/postgresql/$version/bin/postgres" \
		-D "/var/lib/postgresql/$version/main" \
		-c "config_file=/etc/postgresql/$version/main/postgresql.conf" \
		-c "hba_file=$WORK/hba" -c 'listen_addresses=*' -c fsync=off \
		-c log_connections=on -c logging_collector=off
	serving 5432
	wait_for 60 "PostgreSQL to be ready" psql -U postgres -h /run/postgresql -c 'select 1'
	for role in in_client in_balancer not_balancer; do
		psql -q -U postgres -h /run/postgresql -c "create role $role login"
	done
}

# sql ADDRESS USER STATEMENT
sql() {
	in_ns client psql -h "$1" -U "$2" -d postgres -AtF ' ' -c "$3" 2>&1 || true
}

SELF='select host(inet_client_addr()), inet_client_port(), host(inet_server_addr())'
LISTED='select host(client_addr), client_port from pg_stat_activity where pid = pg_backend_pid()'

# family NAME ADDRESS SEEN SERVER
family() {
	user=$(by_client in_client in_balancer)
	other=$(by_client in_balancer in_client)
	answer=$(sql "$2" "$user" "$SELF")
	is "$1: inet_client_addr()" "$3" "${answer%% *}"
	is "$1: inet_server_addr()" "$4" "${answer##* }"
	port=$(echo "$answer" | cut -d ' ' -f 2)
	has "$1: log_connections" "host=$3 port=$port" \
		"$(last_line postgresql.log "connection received: host=$3 port=$port")"
	answer=$(sql "$2" "$user" "$LISTED")
	is "$1: pg_stat_activity" "$3" "${answer%% *}"
	has "$1: pg_hba.conf has no line for the other" \
		"no pg_hba.conf entry for host \"$3\"" "$(sql "$2" "$other" "$SELF")"
	is "$1: pg_hba.conf rejects the balancer" "$(by_client 1 "")" \
		"$(sql "$2" not_balancer 'select 1' | grep -x 1)"
}

checks() {
	family IPv4 "$TO4" "$SEEN4" "$SERVER4"
	family IPv6 "$TO6" "$SEEN6" "$SERVER6"
}
