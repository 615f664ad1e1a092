# What the cameras see. Packs are kept until a source of theirs changes.
SCENES        := nestbox empty night lamp noise busy
SCENE_FILES   := $(SCENES:%=build/scenes/%.scene)
SCENE_SOURCES := $(shell find firmware/scenes -name '*.go' -not -name '*_test.go') firmware/scenes/go.mod

.PHONY: firmware/scenes
firmware/scenes: $(SCENE_FILES) ## render the scenes that the virtual and emulated cameras see

# One run makes all of them.
$(SCENE_FILES) &: $(SCENE_SOURCES)
	@echo "rendering scenes into build/scenes"
	@go run ./firmware/scenes/cmd/render --out build/scenes
