# The camera's side. Included by the Makefile of the repository: run these from there.
include firmware/scenes/scenes.mk
include firmware/port/qemu/qemu.mk

FIRMWARE_SOURCES := $(shell find firmware -name '*.[ch]' -o -name '*.cmake' -o -name CMakeLists.txt)
FIRMWARE_JOBS    := $(shell nproc)

bin/virtual-camera: $(FIRMWARE_SOURCES)
	@cmake -S firmware -B build/virtual-camera -DCMAKE_BUILD_TYPE=Release -DCAM_TESTS=OFF -DCAM_SANITIZE=OFF -DCAM_VERSION='$(VERSION)' >/dev/null
	@cmake --build build/virtual-camera --target virtual-camera -j $(FIRMWARE_JOBS) >/dev/null
	@install -D build/virtual-camera/virtual-camera $@
	@ln -sfn ../build/scenes bin/scenes # where it looks for a scene's name

.PHONY: firmware/test
firmware/test: ## run the firmware's host tests with ASan and UBSan
	@cmake -S firmware -B build/firmware-test >/dev/null
	@cmake --build build/firmware-test -j $(FIRMWARE_JOBS) >/dev/null
	ctest --test-dir build/firmware-test -j $(FIRMWARE_JOBS) --output-on-failure

.PHONY: firmware/fuzz
firmware/fuzz: ## run each of the firmware's fuzz targets for FUZZTIME (20s), with libFuzzer
	@CC=clang cmake -S firmware -B build/firmware-fuzz >/dev/null
	@cmake --build build/firmware-fuzz --target fuzzers -j $(FIRMWARE_JOBS) >/dev/null
	@firmware/test/fuzz/run build/firmware-fuzz $(FUZZTIME)

.PHONY: firmware/coverage
firmware/coverage: ## run the firmware's host tests and fail below 95 % of the core's branches
	@cmake -S firmware -B build/firmware-coverage -DCAM_SANITIZE=OFF -DCAM_COVERAGE=ON >/dev/null
	@cmake --build build/firmware-coverage -j $(FIRMWARE_JOBS) >/dev/null
	@ctest --test-dir build/firmware-coverage -j $(FIRMWARE_JOBS) --output-on-failure --quiet
	@cmake --build build/firmware-coverage --target coverage

.PHONY: firmware/size
firmware/size: ## measure what a camera costs in flash, RAM, stack and bytes on the wire, and fail above firmware/size.budget
	@go test -count=1 -run '^TestBudget$$' -v ./integration/emulated
