module home.arpa/nestbox/integration

go 1.26.0
