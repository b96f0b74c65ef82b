// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints' code, which the kernel's headers make of trace.h
 */
#include "compat.h"

/* From here on: the kernel's own headers, above, have events, too. */
#define CREATE_TRACE_POINTS
#include "trace.h"
