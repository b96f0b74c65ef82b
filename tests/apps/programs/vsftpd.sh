# shellcheck shell=sh disable=SC2034 # read by lib.sh
# vsftpd with libwrap: hosts.deny, its log, and PORT, which it allows only to the
# address that the connection comes from.
PORTS="2121 2122"

serve() {
	mkdir -p /run/vsftpd/empty
	echo "vsftpd: $CLIENT4 [$CLIENT6]" >/etc/hosts.deny
	serve_with YES 2121
	serve_with NO 2122
}

# serve_with LIBWRAP PORT
serve_with() {
	cat >"vsftpd.$2.conf" <<END
listen_ipv6=YES
listen_port=$2
background=NO
anonymous_enable=YES
no_anon_password=YES
anon_root=/run/vsftpd/empty
secure_chroot_dir=/run/vsftpd/empty
tcp_wrappers=$1
seccomp_sandbox=NO
log_ftp_protocol=YES
xferlog_enable=YES
xferlog_std_format=NO
dual_log_enable=YES
vsftpd_log_file=$WORK/log.$2
END
	start server "$WORK/vsftpd.$2.log" vsftpd "$WORK/vsftpd.$2.conf"
	serving "$2"
}

# family NAME ADDRESS SEEN AS_LOGGED
family() {
	ask -t 20 "$2" 2121 'QUIT\r'
	has "$1: hosts.deny names the client" "$(by_client "421 " "220 ")" "$ANSWER"
	ask -t 20 "$2" 2122 'QUIT\r'
	has "$1: without libwrap" "220 " "$ANSWER"
	has "$1: the log" "CONNECT: Client \"$4\"" "$(tail -n 20 log.2122 | grep CONNECT | tail -n 1)"
}

checks() {
	family IPv4 "$TO4" "$SEEN4" "::ffff:$SEEN4"
	family IPv6 "$TO6" "$SEEN6" "$SEEN6"
	ask -t 20 "$TO4" 2122 "USER ftp\\r\\nPORT $(echo "$CLIENT4" | tr . ,),200,1\\r\\nQUIT\\r"
	has "PORT to the client's address" "$(by_client "200 PORT" "500 Illegal PORT")" "$ANSWER"
}
