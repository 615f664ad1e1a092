module home.arpa/nestbox/services/hub

go 1.26

require home.arpa/nestbox/services/internal/platform v0.0.0

replace home.arpa/nestbox/services/internal/platform => ../internal/platform
