# The emulated camera's firmware and mkflash, from Debian's packages: `make firmware/qemu`.
QEMU_PORT := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
QEMU_FW   := $(QEMU_PORT:/port/qemu=)
QEMU_OUT  ?= build/firmware-qemu
QEMU_LWIP := $(QEMU_OUT)/lwip/src
QEMU_PICOLIBC ?= /usr/lib/xtensa-lx106-elf
QEMU_CROSS ?= xtensa-lx106-elf-

QEMU_WARN := -Wall -Wextra -Wshadow -Wconversion -Werror -Wvla -Walloca -Wmissing-prototypes
QEMU_MACHINE := -mlongcalls -mtext-section-literals
QEMU_CFLAGS := -std=gnu11 -Os -g -ffreestanding -fno-builtin-printf -ffunction-sections -fdata-sections $(QEMU_MACHINE) \
	-isystem $(QEMU_PICOLIBC)/include -MMD -MP
QEMU_INCLUDES := -I$(QEMU_FW)/core/include -I$(QEMU_PORT) -I$(QEMU_FW)/scenes/reader -I$(QEMU_PORT)/lwip -isystem $(QEMU_LWIP)/include

QEMU_SOURCES := $(wildcard $(QEMU_FW)/core/src/*.c $(QEMU_PORT)/*.c $(QEMU_FW)/scenes/reader/*.c $(QEMU_FW)/app/emulated/*.c)
QEMU_OBJECTS := $(patsubst $(QEMU_FW)/%.c,$(QEMU_OUT)/%.o,$(QEMU_SOURCES)) $(QEMU_OUT)/port/qemu/start.o
QEMU_LWIP_FILES := $(addprefix core/,def dns inet_chksum init ip mem memp netif pbuf stats sys tcp tcp_in tcp_out timeouts udp) \
	$(addprefix core/ipv4/,dhcp etharp icmp ip4 ip4_addr ip4_frag) netif/ethernet
QEMU_LWIP_OBJECTS := $(QEMU_LWIP_FILES:%=$(QEMU_OUT)/lwip-objects/%.o)

.PHONY: firmware/qemu
firmware/qemu: $(QEMU_OUT)/firmware.bin $(QEMU_OUT)/mkflash ## build the emulated camera's firmware and mkflash into build/firmware-qemu
	@$(QEMU_CROSS)size --format=sysv $(QEMU_OUT)/firmware.elf | grep -E '^\.(text|rodata|iram|data|bss|stack)'

$(QEMU_OUT)/lwip/COPYING: $(QEMU_PORT)/fetch-lwip
	@$(QEMU_PORT)/fetch-lwip $(QEMU_OUT)
	@touch $@

$(QEMU_OUT)/lwip-objects/%.o: $(QEMU_OUT)/lwip/COPYING $(QEMU_PORT)/lwip/lwipopts.h $(QEMU_PORT)/lwip/arch/cc.h
	@mkdir -p $(@D)
	@$(QEMU_CROSS)gcc $(QEMU_CFLAGS) -Wall $(QEMU_INCLUDES) -c $(QEMU_LWIP)/$*.c -o $@

$(QEMU_OBJECTS): $(QEMU_OUT)/lwip/COPYING $(QEMU_PORT)/qemu.mk

# Changes when the version does.
$(QEMU_OUT)/version: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@
.PHONY: FORCE
FORCE:
$(QEMU_OUT)/app/emulated/main.o: $(QEMU_OUT)/version

$(QEMU_OUT)/%.o: $(QEMU_FW)/%.c
	@mkdir -p $(@D)
	@$(QEMU_CROSS)gcc $(QEMU_CFLAGS) $(QEMU_WARN) $(QEMU_INCLUDES) -DCAM_VERSION='"$(VERSION)"' -c $< -o $@

$(QEMU_OUT)/%.o: $(QEMU_FW)/%.S
	@mkdir -p $(@D)
	@$(QEMU_CROSS)gcc $(QEMU_MACHINE) -c $< -o $@

$(QEMU_OUT)/firmware.elf: $(QEMU_OBJECTS) $(QEMU_LWIP_OBJECTS) $(QEMU_PORT)/link.ld
	@$(QEMU_CROSS)gcc -nostdlib $(QEMU_MACHINE) -Wl,--gc-sections -Wl,--fatal-warnings \
		-Wl,-Map=$@.map -T $(QEMU_PORT)/link.ld $(QEMU_OBJECTS) $(QEMU_LWIP_OBJECTS) $(QEMU_PICOLIBC)/lib/libc.a -lgcc -o $@

$(QEMU_OUT)/firmware.bin: $(QEMU_OUT)/firmware.elf
	@$(QEMU_CROSS)objcopy -O binary $< $@

# mkflash is a program of the workstation, made of the same core.
QEMU_MKFLASH_SOURCES := $(wildcard $(QEMU_FW)/mkflash/*.c $(QEMU_FW)/scenes/reader/*.c $(QEMU_FW)/core/src/*.c)
$(QEMU_OUT)/mkflash: $(QEMU_MKFLASH_SOURCES) $(wildcard $(QEMU_FW)/core/include/cam/*.h $(QEMU_FW)/mkflash/*.h $(QEMU_FW)/scenes/reader/*.h) $(QEMU_PORT)/layout.h $(QEMU_PORT)/random.h
	@mkdir -p $(@D)
	@$(CC) -std=c11 -O2 -D_POSIX_C_SOURCE=200809L $(QEMU_WARN) -I$(QEMU_FW)/core/include -I$(QEMU_PORT) \
		-I$(QEMU_FW)/scenes/reader $(QEMU_MKFLASH_SOURCES) -o $@

-include $(QEMU_OBJECTS:.o=.d)
