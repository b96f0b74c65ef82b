# shellcheck shell=sh disable=SC2034,SC2016 # read by lib.sh; the $ are nginx's
# nginx: http, the access log, allow and deny, realip, PROXY protocol, limit_conn,
# reuseport, stream, kTLS.
PORTS="8080 8081 8082 8083 8084 8443"

serve() {
	modprobe -q tls
	mkdir -p www/client www/balancer www/slow www/limited
	echo page | tee www/client/page >www/balancer/page
	echo page >www/limited/page
	head -c 100000 /dev/zero >www/slow/page
	write_configuration >nginx.conf
	start server "$WORK/nginx.log" nginx -c "$WORK/nginx.conf"
	for port in $PORTS; do
		serving "$port"
	done
}

write_configuration() {
	cat <<END
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
user root;
daemon off;
worker_processes 2;
pid $WORK/pid;
error_log $WORK/error.log;
events {}
http {
	root $WORK/www;
	default_type text/plain;
	log_format toa '\$remote_addr \$remote_port \$server_addr \$server_port \$request_uri';
	access_log $WORK/access.log toa;
	limit_conn_zone \$binary_remote_addr zone=one:1m;

	server {
		listen 8080;
		listen [::]:8080;
		location = / { return 200 "\$remote_addr \$remote_port \$server_addr \$server_port\\n"; }
		location /client/ { allow $CLIENT4; allow $CLIENT6; deny all; }
		location /balancer/ { allow $LIP4; allow $LIP6; deny all; }
		location /slow/ { limit_conn one 1; limit_rate 10; }
		location /limited/ { limit_conn one 1; }
	}
	server {
		listen 8081;
		listen [::]:8081;
		set_real_ip_from $LIP4;
		set_real_ip_from $LIP6;
		real_ip_header X-Forwarded-For;
		return 200 "\$remote_addr \$realip_remote_addr\\n";
	}
	server {
		listen 8082 proxy_protocol;
		listen [::]:8082 proxy_protocol;
		return 200 "\$remote_addr \$remote_port \$proxy_protocol_addr\\n";
	}
	server {
		listen [::]:8084 reuseport ipv6only=off;
		return 200 "\$remote_addr \$remote_port\\n";
	}
	server {
		listen 8443 ssl;
		listen [::]:8443 ssl;
		ssl_certificate /etc/ssl/certs/ssl-cert-snakeoil.pem;
		ssl_certificate_key /etc/ssl/private/ssl-cert-snakeoil.key;
		ssl_conf_command Options KTLS;
		return 200 "\$remote_addr \$remote_port\\n";
	}
}
stream {
	server {
		listen 8083;
		listen [::]:8083;
		return "\$remote_addr \$remote_port\\n";
	}
}
END
}

http() {
	get "http://$TO4:8080/?$STATE"
	said "http, IPv4" "$SEEN4" "$ANSWER"
	is "http, IPv4: the server's own address" "$SERVER4 8080" "${ANSWER#* * }"
	is "access log, IPv4" "$ANSWER /?$STATE" "$(last_line access.log "$SEEN4 ")"
	get "http://[$TO6]:8080/?$STATE"
	said "http, IPv6" "$SEEN6" "$ANSWER"
	is "access log, IPv6" "$ANSWER /?$STATE" "$(last_line access.log "$SEEN6 ")"
}

access() {
	get "http://$TO4:8080/client/page"
	is "allow the client, deny all: IPv4" "$(by_client 200 403)" "$CODE"
	get "http://[$TO6]:8080/client/page"
	is "allow the client, deny all: IPv6" "$(by_client 200 403)" "$CODE"
	get "http://$TO4:8080/balancer/page"
	is "allow the balancer, deny all" "$(by_client 403 200)" "$CODE"
}

# Who trusted the balancer's header before no longer does: the peer is the client.
realip() {
	get -H 'X-Forwarded-For: 198.18.0.1' "http://$TO4:8081/"
	is "realip from the balancer" "$(by_client "$CLIENT4 $CLIENT4" "198.18.0.1 $LIP4")" "$ANSWER"
	get -H 'X-Forwarded-For: 198.18.0.1' "http://[$TO6]:8081/"
	is "realip from the balancer, IPv6" "$(by_client "$CLIENT6 $CLIENT6" "198.18.0.1 $LIP6")" "$ANSWER"
}

proxy_protocol() {
	get --haproxy-protocol "http://$TO4:8082/"
	said "PROXY protocol, the peer" "$SEEN4" "$ANSWER"
	is "PROXY protocol, what its header names" "$CLIENT4" "${ANSWER##* }"
}

# One connection an address: the second client is refused only where both are the
# balancer.
limits() {
	rm -f slow
	start client "$WORK/curl.log" curl -sSN -o "$WORK/slow" "http://$TO4:8080/slow/page"
	holder=$PID
	wait_for 60 "the first connection's page" test -s slow
	get --interface "$OTHER4" "http://$TO4:8080/limited/page"
	is "limit_conn 1: another client" "$(by_client 200 503)" "$CODE"
	get "http://$TO4:8080/limited/page"
	is "limit_conn 1: the same client" 503 "$CODE"
	stop "$holder"
}

reuseport() {
	get "http://$TO4:8084/"
	said "reuseport, dual-stack, IPv4" "::ffff:$SEEN4" "$ANSWER"
	get "http://[$TO6]:8084/"
	said "reuseport, dual-stack, IPv6" "$SEEN6" "$ANSWER"
}

stream() {
	ask "$TO4" 8083
	said "stream, IPv4" "$SEEN4" "$ANSWER"
	ask "$TO6" 8083
	said "stream, IPv6" "$SEEN6" "$ANSWER"
}

ktls_sockets() {
	in_ns server cat /proc/net/tls_stat 2>/dev/null | awk '$1 == "TlsTxSw" { print $2 }'
}

ktls() {
	before=$(ktls_sockets)
	get "https://$TO4:8443/"
	said "TLS, IPv4" "$SEEN4" "$ANSWER"
	get "https://[$TO6]:8443/"
	said "TLS, IPv6" "$SEEN6" "$ANSWER"
	if [ -z "$before" ]; then
		skip "TLS is the kernel's" "this kernel or OpenSSL has no kTLS"
	else
		is "TLS is the kernel's" $((before + 2)) "$(ktls_sockets)"
	fi
}

checks() {
	http
	access
	realip
	proxy_protocol
	limits
	reuseport
	stream
	ktls
}
