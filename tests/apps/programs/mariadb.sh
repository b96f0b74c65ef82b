# shellcheck shell=sh disable=SC2034 # read by lib.sh
# MariaDB: accounts of user@host, user(), the process list, the general log.
PORTS=3306

serve() {
	mkdir -p /run/mysqld
	chown mysql /run/mysqld "$WORK"
	for host in $CLIENT4 $CLIENT6; do
		echo "create user in_client@'$host';"
	done >init.sql
	for host in $LIP4 $LIP6; do
		echo "create user in_balancer@'$host';"
	done >>init.sql
	start server "$WORK/mariadb.log" mariadbd --user=mysql --bind-address='*' \
		--skip-name-resolve --init-file="$WORK/init.sql" --innodb-flush-log-at-trx-commit=0 \
		--general-log --general-log-file="$WORK/general.log"
	serving 3306
}

# sql ADDRESS USER STATEMENT
sql() {
	in_ns client mariadb -h "$1" -u "$2" --skip-ssl -Ne "$3" 2>&1 || true
}

# family NAME ADDRESS SEEN
family() {
	user=$(by_client in_client in_balancer)
	other=$(by_client in_balancer in_client)
	is "$1: user()" "$user@$3" "$(sql "$2" "$user" 'select user()')"
	is "$1: current_user(), the account" "$user@$3" "$(sql "$2" "$user" 'select current_user()')"
	has "$1: the process list" "$3" \
		"$(sql "$2" "$user" 'select host from information_schema.processlist where id = connection_id()')"
	has "$1: the other account" "Access denied for user '$other'@'$3'" \
		"$(sql "$2" "$other" 'select 1')"
	has "$1: the general log" "$user@$3 on" "$(last_line general.log "$user@$3")"
}

checks() {
	family IPv4 "$TO4" "$SEEN4"
	family IPv6 "$TO6" "$SEEN6"
}
