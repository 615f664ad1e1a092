module home.arpa/nestbox/services/internal/platform

go 1.26
