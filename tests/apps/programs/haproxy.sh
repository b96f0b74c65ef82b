# shellcheck shell=sh disable=SC2034 # read by lib.sh
# HAProxy: src, rules on it, expect-proxy, stick tables, a tcp log.
PORTS="8080 8081 8082 8083"

serve() {
	write_configuration >haproxy.cfg
	start server "$WORK/haproxy.log" haproxy -db -f "$WORK/haproxy.cfg"
	for port in $PORTS; do
		serving "$port"
	done
}

write_configuration() {
	cat <<END
global
	log stdout format raw local0
defaults
	mode http
	log global
	timeout client 60s
	timeout connect 60s
	timeout server 60s
frontend plain
	bind :8080
	bind :::8080 v6only
	log-format "log %ci %cp %fi %fp %HU"
	http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst] %[dst_port]\\n"
frontend rules
	bind :8081
	bind :::8081 v6only
	tcp-request connection reject unless { src $CLIENT4 $CLIENT6 }
	http-request return status 200 content-type text/plain string "in"
frontend proxied
	bind :8082
	bind :::8082 v6only
	tcp-request connection expect-proxy layer4 if { src $LIP4 $LIP6 }
	http-request return status 200 content-type text/plain lf-string "%[src]"
frontend table
	bind :::8083 v4v6
	stick-table type ipv6 size 1k store conn_cnt
	tcp-request connection track-sc0 src
	http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[sc0_conn_cnt]\\n"
END
}

source_is() {
	get "http://$TO4:8080/?$STATE-4"
	said "src, IPv4" "$SEEN4" "$ANSWER"
	is "dst" "$SERVER4 8080" "${ANSWER#* * }"
	has "log, IPv4" "log $(echo "$ANSWER" | cut -d ' ' -f 1,2) " \
		"$(last_line haproxy.log "?$STATE-4")"
	get "http://[$TO6]:8080/?$STATE-6"
	said "src, IPv6" "$SEEN6" "$ANSWER"
}

rules() {
	get "http://$TO4:8081/"
	is "reject unless src is the client, IPv4" "$(by_client 200 000)" "$CODE"
	get "http://[$TO6]:8081/"
	is "reject unless src is the client, IPv6" "$(by_client 200 000)" "$CODE"
}

# Its condition no longer holds: the peer is not the balancer. Then the header is read
# as a request.
expect_proxy() {
	get --haproxy-protocol "http://$TO4:8082/"
	is "expect-proxy if src is the balancer" "$(by_client 400 200)" "$CODE"
	get "http://$TO4:8082/"
	is "and without a header" "$(by_client 200 000)" "$CODE"
}

# Where both are the balancer, one entry counts for both.
table() {
	get "http://$TO4:8083/"
	first=${ANSWER##* }
	said "IPv4 to its IPv6 socket" "::ffff:$SEEN4" "$ANSWER"
	get --interface "$OTHER4" "http://$TO4:8083/"
	second=${ANSWER##* }
	if [ "$STATE" = without ]; then
		is "stick table: another client" $((first + 1)) "$second"
	else
		is "stick table: another client" "::ffff:$OTHER4" "${ANSWER%% *}"
	fi
}

checks() {
	source_is
	rules
	expect_proxy
	table
}
