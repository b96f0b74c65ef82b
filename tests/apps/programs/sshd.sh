# shellcheck shell=sh disable=SC2034,SC2016 # read by lib.sh; the $ are for sshd's shell
# sshd: from= in authorized_keys, Match Address, SSH_CONNECTION, its log.
PORTS=2222

# key NAME FROM
key() {
	ssh-keygen -q -t ed25519 -N '' -f "$1"
	echo "from=\"$2\",command=\"echo \$SSH_CONNECTION \$MATCHED\" $(cat "$1.pub")" >>keys
}

serve() {
	mkdir -p /run/sshd
	key client "$CLIENT4,$CLIENT6"
	key balancer "$LIP4,$LIP6"
	cat >sshd_config <<END
Port 2222
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile $WORK/keys
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
LogLevel VERBOSE
PerSourcePenalties no
Match Address $CLIENT4,$CLIENT6
	SetEnv MATCHED=client
Match Address $LIP4,$LIP6
	SetEnv MATCHED=balancer
END
	start server "$WORK/sshd.log" /usr/sbin/sshd -D -e -f "$WORK/sshd_config"
	serving 2222
}

# login KEY ADDRESS
login() {
	in_ns client ssh -F /dev/null -p 2222 -i "$1" -o IdentitiesOnly=yes -o BatchMode=yes \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
		"root@$2" </dev/null 2>&1 || true
}

# family NAME ADDRESS SEEN SERVER
family() {
	good=$(by_client client balancer)
	bad=$(by_client balancer client)
	answer=$(login "$good" "$2")
	is "$1: SSH_CONNECTION" "$3" "${answer%% *}"
	has "$1: Match Address, and the server's own address" " $4 2222 $good" "$answer"
	port=$(echo "$answer" | cut -d ' ' -f 2)
	has "$1: the log" "for root from $3 port $port ssh2" \
		"$(last_line sshd.log "for root from $3 port $port ssh2")"
	has "$1: from= of the other" "Permission denied" "$(login "$bad" "$2")"
}

checks() {
	family IPv4 "$TO4" "$SEEN4" "$SERVER4"
	family IPv6 "$TO6" "$SEEN6" "$SERVER6"
}
