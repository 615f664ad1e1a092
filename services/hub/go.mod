module home.arpa/nestbox/services/hub

go 1.26.0

require (
	github.com/miekg/dns v1.1.73
	github.com/spf13/cobra v1.10.2
	go.uber.org/goleak v1.3.0
	golang.org/x/net v0.61.0
	golang.org/x/sys v0.49.0
	home.arpa/nestbox/services/internal/platform v0.0.0
)

replace home.arpa/nestbox/services/internal/platform => ../internal/platform
