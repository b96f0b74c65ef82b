# shellcheck shell=sh disable=SC2034,SC2016 # read by lib.sh
# Apache with mpm_event: the access log, Require ip, mod_remoteip.
PORTS="8080 8081"

serve() {
	mkdir -p www/client www/balancer www/run
	echo page | tee www/client/page >www/balancer/page
	echo page >www/page
	write_configuration >apache.conf
	start server "$WORK/apache.log" apache2 -f "$WORK/apache.conf" -DFOREGROUND
	serving 8080
	serving 8081
}

write_configuration() {
	for module in mpm_event authz_core authz_host remoteip; do
		echo "LoadModule ${module}_module /usr/lib/apache2/modules/mod_$module.so"
	done
	cat <<END
ServerName server
DefaultRuntimeDir $WORK/www/run
PidFile $WORK/pid
ErrorLog $WORK/error.log
User www-data
Group www-data
Listen 8080
Listen 8081
DocumentRoot $WORK/www
LogFormat "%a %{remote}p %A %{local}p %U%q %{c}a" toa
CustomLog $WORK/access.log toa
<Directory $WORK/www/client>
	Require ip $CLIENT4 $CLIENT6
</Directory>
<Directory $WORK/www/balancer>
	Require ip $LIP4 $LIP6
</Directory>
<VirtualHost *:8081>
	RemoteIPHeader X-Forwarded-For
	RemoteIPTrustedProxy $LIP4 $LIP6
</VirtualHost>
END
}

# The line of the access log of the last request.
logged_as() {
	last_line access.log "?$1 "
}

log() {
	get "http://$TO4:8080/page?$STATE-4"
	line=$(logged_as "$STATE-4")
	said "access log, IPv4" "$SEEN4" "$line"
	has "access log: the server's own address" " $SERVER4 8080 " "$line"
	get "http://[$TO6]:8080/page?$STATE-6"
	said "access log, IPv6" "$SEEN6" "$(logged_as "$STATE-6")"
}

access() {
	get "http://$TO4:8080/client/page"
	is "Require ip of the client, IPv4" "$(by_client 200 403)" "$CODE"
	get "http://[$TO6]:8080/client/page"
	is "Require ip of the client, IPv6" "$(by_client 200 403)" "$CODE"
	get "http://$TO4:8080/balancer/page"
	is "Require ip of the balancer" "$(by_client 403 200)" "$CODE"
}

# As nginx's realip.
remoteip() {
	get -H 'X-Forwarded-For: 198.18.0.1' "http://$TO4:8081/page?$STATE-remote"
	line=$(logged_as "$STATE-remote")
	is "mod_remoteip trusts the balancer" "$(by_client "$CLIENT4" 198.18.0.1)" "${line%% *}"
	is "mod_remoteip: the peer itself" "$SEEN4" "${line##* }"
}

checks() {
	log
	access
	remoteip
}
