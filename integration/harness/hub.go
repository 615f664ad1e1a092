package harness

// Enrolment says who may join a hub.
type Enrolment string

// The modes of enrolment.
const (
	ByKey      Enrolment = "key"
	ByApproval Enrolment = "approve"
	Open       Enrolment = "open"
)

// Hub is a hub and its operator, in one process or as services. It keeps its address and data when it is killed and started
// again.
type Hub struct {
	Operator
	// CameraURL is what cameras are told.
	CameraURL string
	// Key admits a camera where enrolment is ByKey.
	Key string

	start, kill func()
}

// Start starts a hub that was killed, and waits until it is ready.
func (h *Hub) Start() {
	h.t.Helper()
	h.start()
}

// Kill ends the hub as a power cut does.
func (h *Hub) Kill() {
	h.t.Helper()
	h.kill()
}
