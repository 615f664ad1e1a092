module home.arpa/nestbox/services/registry

go 1.26.0

require home.arpa/nestbox/services/internal/platform v0.0.0

require github.com/google/uuid v1.6.0 // indirect

replace home.arpa/nestbox/services/internal/platform => ../internal/platform
