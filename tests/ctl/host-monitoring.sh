# shellcheck shell=sh
# The monitoring files: the alerts are played to promtool, and every expression, theirs
# and the dashboard's, is asked of a Prometheus that has read toactl's file through
# node_exporter.

RULES=$TOP/scripts/monitoring/toa.rules.yml
DASHBOARD=$TOP/scripts/monitoring/toa.dashboard.json

monitoring() {
	alerts
	expressions >"$WORK/expressions" 2>"$WORK/said"
	result "the dashboard is JSON with expressions" $? "$(cat "$WORK/said")"
	export TOP WORK HERE
	# A network of its own, so that no port is taken; $0 is the script.
	unshare -n "$HERE/prometheus"
}

alerts() {
	promtool check rules "$RULES" >"$WORK/said" 2>&1
	result "promtool takes the alerts" $? "$(cat "$WORK/said")"
	cp "$RULES" "$HERE/alerts.test.yml" "$WORK"
	(cd "$WORK" && promtool test rules alerts.test.yml) >"$WORK/said" 2>&1
	result "each alert fires when it should" $? "$(cat "$WORK/said")"
}

# Of each panel, with the variable for the server replaced; one a line.
expressions() {
	perl -MJSON::PP -0777 -ne '
		for my $panel (@{decode_json($_)->{panels}}) {
			for my $target (@{$panel->{targets}}) {
				$target->{expr} =~ s/\$instance/.*/g;
				print "$target->{expr}\n";
			}
		}' "$DASHBOARD"
}
