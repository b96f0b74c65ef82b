# SPDX-License-Identifier: GPL-2.0
# Verbs for people; "make help" lists them. What kbuild needs is in Kbuild.

# The kernel to build for. KERNELRELEASE is what DKMS passes; KERNELDIR and
# KERNEL_DIR are other modules' names for KDIR.
KVER	?= $(or $(KERNELRELEASE),$(shell uname -r))
KDIR	?= $(or $(KERNELDIR),$(KERNEL_DIR),/lib/modules/$(KVER)/build)

# How the kernel itself was compiled, if it is there to be asked.
-include $(KDIR)/include/config/auto.conf

# A kernel that clang built needs clang; one whose gcc is installed under its
# version's name gets that one. What was said on the command line stays.
ifeq ($(origin CC)$(LLVM),default)
ifdef CONFIG_CC_IS_CLANG
export LLVM := 1
else
# The redirection has make before 4.3 take a shell, which knows "command".
kernel-gcc := $(CROSS_COMPILE)gcc-$(shell \
	expr '0$(CONFIG_GCC_VERSION)' / 10000)
kbuild-cc := $(if $(shell command -v $(kernel-gcc) 2>/dev/null),CC=$(kernel-gcc))
endif
endif

kbuild = $(MAKE) -C $(KDIR) M=$(CURDIR) $(kbuild-cc)

all: preflight
	$(kbuild) modules
	@$(MAKE) --no-print-directory toa-selftest

# What "toactl selftest" runs: a program, for this machine. The module does not need
# it, so a machine without a C library's headers only lacks this.
user-cc = $(if $(filter command line environment,$(origin CC)),$(CC),$(if $(LLVM),clang,$(CROSS_COMPILE)gcc))

toa-selftest: scripts/toa-selftest

scripts/toa-selftest: scripts/toa-selftest.c toa.h
	@if echo '#include <stdio.h>' | $(user-cc) -E - >/dev/null 2>&1; then \
		echo '  CC      $@'; \
		$(user-cc) -std=gnu99 -O2 -Wall -o $@ $< || \
			echo 'toa: toa-selftest did not build; the module does not need it'; \
	else \
		echo 'toa: no headers of a C library (libc6-dev, glibc-devel): "toactl selftest" is left out'; \
	fi

# Says in one sentence what is missing, before kbuild says it in a hundred.
preflight:
	@KVER='$(KVER)' KDIR='$(KDIR)' LLVM='$(LLVM)' ARCH='$(ARCH)' \
		CC='$(if $(filter command line environment,$(origin CC)),$(CC),$(patsubst CC=%,%,$(or $(kbuild-cc),$(CROSS_COMPILE)gcc)))' \
		scripts/preflight

# Where the module, and where everything else is installed.
PREFIX	?= /usr/local
export DESTDIR PREFIX KVER KDIR OUTPUT
installed := KVER='$(KVER)' INSTALL_MOD_PATH='$(INSTALL_MOD_PATH)' scripts/install

# For packages and DKMS: nothing beside the module.
module: preflight
	$(kbuild) modules

# Not kbuild's modules_install: where a distribution keeps its signing key to itself
# that complains in pages, and nothing is wrong.
install: all
	INSTALL_MOD_STRIP='$(INSTALL_MOD_STRIP)' $(installed) module toa.ko
	$(installed) files
	$(installed) depmod
	@$(installed) next

# Without the module: for packages, and for who builds it elsewhere.
install-files: toa-selftest
	$(installed) files

uninstall:
	$(installed) remove

dkms-install: preflight toa-selftest
	scripts/dkms/install
	$(installed) files
	@$(installed) next

dkms-uninstall:
	scripts/dkms/install remove
	$(installed) remove

# One archive for machines with the same kernel.
bundle: all
	@scripts/bundle/make

# Packages, in dist.
deb:
	@scripts/packaging/deb/make

rpm:
	@KEY='$(KEY)' CERT='$(CERT)' scripts/packaging/rpm/make

sign:
	KEY='$(KEY)' CERT='$(CERT)' KDIR='$(KDIR)' scripts/sign toa.ko

clean:
	$(if $(wildcard $(KDIR)/Makefile),$(kbuild) clean)
	rm -rf tests/out dist scripts/toa-selftest

test:
ifdef IMAGE
	tests/own/run '$(KDIR)' '$(IMAGE)'
else
	tests/run
endif

test-reload:
	tests/long/run reload

test-hostile:
	tests/long/run hostile

test-debug:
	tests/debug/run

test-kcsan:
	tests/debug/run kcsan

test-rt:
	tests/debug/run rt

test-install:
	tests/install/run

test-apps:
	tests/apps/run

test-modes:
	tests/modes/run modes

soak:
	tests/modes/run soak

bench:
	tests/bench/run

demo:
	tests/demo/run

vm:
	tests/vm/shell $(KERNEL)

matrix:
	tests/matrix/run

unit:
	tests/unit/run

fuzz:
	tests/fuzz/run $(or $(SECONDS),60) $(TARGETS)

check:
	tests/style/run

help:
	@echo 'make                   build toa.ko for the running kernel'
	@echo '  KVER=RELEASE         for another installed kernel'
	@echo '  KDIR=DIRECTORY       against this kernel build tree'
	@echo '  CC= LLVM=1 ARCH= CROSS_COMPILE= V=1 W=1 C=1   as for any kernel build'
	@echo 'make install           the module, toactl, manual pages and what loads it at every boot'
	@echo '  PREFIX=/usr/local DESTDIR= INSTALL_MOD_PATH=   where to'
	@echo 'make uninstall         take all of that away'
	@echo 'make dkms-install      the same, and built again for every new kernel (make dkms-uninstall)'
	@echo 'make bundle            one archive, with an installer, for machines with the same kernel'
	@echo 'make deb, make rpm     packages for Debian and Red Hat alikes, in dist'
	@echo 'make sign KEY=FILE CERT=FILE   sign toa.ko for Secure Boot'
	@echo 'make demo              a balancer, a server and a client in a virtual machine'
	@echo 'make test              build for and boot every supported Debian kernel, run all tests'
	@echo '  KERNELS="6.1 7.3"    only these'
	@echo '  KDIR=DIRECTORY IMAGE=FILE   on a kernel of your own: its build tree, its bzImage or Image'
	@echo 'make matrix            only build, for all kernel headers that Debian offers, with gcc and clang'
	@echo '  KERNELS="6.1 7.3"    only versions that begin so'
	@echo 'make test-reload       insmod and rmmod under load, 200 times, on the oldest and the newest'
	@echo 'make test-hostile      a million hostile segments and a million more, on the same two'
	@echo 'make test-debug        the same tests on a kernel with KASAN, lockdep, kmemleak, ... (an hour)'
	@echo 'make test-kcsan        and on one that looks for data races'
	@echo 'make test-rt           and on one with PREEMPT_RT that tells who may not sleep'
	@echo 'make test-install      install, upgrade and remove in every way, with reboots (half an hour)'
	@echo 'make test-apps         real programs behind a balancer: nginx, PostgreSQL, sshd, Go, ... (quarter of an hour)'
	@echo '  APPS="nginx sshd"    only these'
	@echo 'make test-modes        what balancers, clients and links do, 10,000 connections for each'
	@echo '  CONNECTIONS=10000 MODES=DPVS   so many; only those with this word'
	@echo 'make soak              an hour of connections, with reloads, and exact accounts'
	@echo '  DURATION=3600        seconds'
	@echo 'make bench             what it costs, in counted instructions (ten minutes a kernel)'
	@echo '  KERNELS="6.12" CONNECTIONS=100000   only these; so many open at a time'
	@echo 'make unit              the tests that need no kernel'
	@echo 'make fuzz              made-up options and lists, against a second parser'
	@echo '  SECONDS=60 TARGETS="options trust"   for each target; only these'
	@echo 'make vm KERNEL=7.3     a shell in a virtual machine with the module and the tools'
	@echo 'make check             style: checkpatch, sparse, shellcheck'
	@echo 'make clean             remove what was built'

.PHONY: all preflight module toa-selftest install install-files uninstall dkms-install dkms-uninstall \
	bundle deb rpm sign clean test test-install test-reload test-hostile test-debug test-kcsan test-rt test-apps test-modes soak \
	bench demo vm matrix unit fuzz check help
