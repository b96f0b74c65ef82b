# shellcheck shell=sh
# toactl doctor: what can be wrong, each with the evidence and what mends it. The
# checks are in the files doctor-*.sh.

cmd_doctor_usage() {
	cat <<'END'
usage: toactl doctor
  Looks at everything that keeps a program from seeing the client: the module, its
  hooks and parameters, what it counted, what else on this machine plays a part,
  and whether it will be there after the next kernel upgrade. Changes nothing.
  Status 0: all is well; 6: something should be looked at (WARN); 1: something is
  wrong (FAIL).
END
}

. "$PARTS/report.sh"
. "$PARTS/lockdown.sh"
. "$PARTS/doctor-module.sh"
. "$PARTS/doctor-trust.sh"
. "$PARTS/doctor-traffic.sh"
. "$PARTS/doctor-around.sh"
. "$PARTS/doctor-kernel.sh"

cmd_doctor() {
	[ $# = 0 ] || wrong_use "$1"
	make_temp
	if is_loaded; then
		doctor_module
		doctor_trust
		doctor_traffic
	else
		doctor_not_loaded
	fi
	doctor_around
	doctor_kernel
	exit "$WORST"
}
