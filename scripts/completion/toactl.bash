# bash completion of toactl(8): to be installed as
# /usr/share/bash-completion/completions/toactl

_toactl_trusted()
{
	toactl trust list 2>/dev/null
}

_toactl_words()
{
	case $1 in
	stats) echo --json --prom --output --watch --count ;;
	conns) echo --all --netns --json ;;
	sniff) echo --interface --port --seconds --packets --read --quiet ;;
	load | reload) echo trust= ports= kinds= syn= enable= hook= sk_user_data= max_clients= ;;
	trust) echo list add del ;;
	bugreport) echo --addresses ;;
	esac
	echo --help
}

_toactl()
{
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local commands="status doctor stats conns sniff check-ko load unload reload trust selftest bugreport"

	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$current")
		return
	fi
	case ${COMP_WORDS[1]}:$previous in
	*:--output | *:--read)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	*:--interface)
		mapfile -t COMPREPLY < <(compgen -W "$(ls /sys/class/net)" -- "$current")
		return
		;;
	*:--netns)
		mapfile -t COMPREPLY < <(compgen -W "$(ls /run/netns 2>/dev/null)" -- "$current")
		return
		;;
	trust:del)
		mapfile -t COMPREPLY < <(compgen -W "$(_toactl_trusted) --empty" -- "$current")
		return
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$(_toactl_words "${COMP_WORDS[1]}")" -- "$current")
	case ${COMP_WORDS[1]} in
	check-ko | load | reload | bugreport)
		local files
		mapfile -t files < <(compgen -f -- "$current")
		COMPREPLY+=("${files[@]}")
		;;
	esac
	case ${COMPREPLY[0]:-} in
	*=) compopt -o nospace 2>/dev/null ;;
	esac
}

complete -F _toactl toactl
