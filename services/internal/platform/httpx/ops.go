package httpx

import (
	"encoding/json"
	"net/http"
)

// OpsHandler answers /livez, /readyz and /metrics. It belongs on a port of its
// own that the edge does not route to: nobody logs in here.
func OpsHandler(h *Health, metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", h.serveLive)
	mux.HandleFunc("GET /readyz", h.serveReady)
	if metrics != nil {
		mux.Handle("GET /metrics", metrics)
	}
	return mux
}

func writeReport(w http.ResponseWriter, status int, report any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(report) // a prober that hung up has its answer
}
