/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why a client is refused: each reason's counter and its name
 *
 * A list for whoever says what to do with a row, and with the last one, where that
 * is not the same.
 */
#ifndef TOA_REASONS_H
#define TOA_REASONS_H

#define TOA_REASONS(row, last)						\
	row(TOA_STAT_MALFORMED, "option_malformed")			\
	row(TOA_STAT_UNUSABLE, "option_unusable")			\
	row(TOA_STAT_SOURCE, "option_untrusted")			\
	row(TOA_STAT_PORT, "option_other_port")				\
	row(TOA_STAT_KIND, "option_other_kind")				\
	row(TOA_STAT_DISABLED, "option_disabled")			\
	row(TOA_STAT_ON_SYN, "option_on_syn")				\
	row(TOA_STAT_FOREIGN, "child_foreign")				\
	row(TOA_STAT_LOST_RACE, "child_lost_race")			\
	row(TOA_STAT_NOT_MADE, "child_not_made")			\
	row(TOA_STAT_FULL, "store_full")				\
	last(TOA_STAT_NOMEM, "store_nomem")

#endif /* TOA_REASONS_H */
