package emulated

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// exchange is a request and its answer as they went over the wire. The hub's packets without data are not in it: QEMU's user
// network acknowledges each segment at once, where a host lets the answer do that (RFC 9293, 3.8.6.3).
type exchange struct {
	request, answer []byte
	packets         []string // sizes, with an arrow for the direction
	wireBytes       int      // of all its IP packets
}

// String says where the bytes go.
func (e exchange) String() string {
	var table strings.Builder
	for _, message := range [][]byte{e.request, e.answer} {
		head, body, _ := bytes.Cut(message, []byte("\r\n\r\n"))
		for line := range strings.SplitSeq(string(head), "\r\n") {
			shown, _, _ := strings.Cut(line, " ey") // a table that is shown around holds no token
			fmt.Fprintf(&table, "%6d  %s\n", len(line)+len("\r\n"), shown)
		}
		fmt.Fprintf(&table, "%6d  %s\n", len(body)+len("\r\n"), body)
	}
	fmt.Fprintf(&table, "%6d  IP and TCP headers of %d packets: %s\n",
		e.wireBytes-len(e.request)-len(e.answer), len(e.packets), strings.Join(e.packets, " "))
	fmt.Fprintf(&table, "%6d  together\n", e.wireBytes)
	return table.String()
}

// dearestHeartbeat is the one that cost most of those that were not first on their connection.
func dearestHeartbeat(t *testing.T, wire string) (dearest exchange) {
	t.Helper()
	count := 0
	for _, exchanges := range readConnections(t, wire) {
		for i, e := range exchanges {
			isWhole := i > 0 && i+1 < len(exchanges) && len(e.answer) > 0
			if isWhole && bytes.HasPrefix(e.request, []byte("POST /api/heartbeat ")) {
				count++
				if e.wireBytes > dearest.wireBytes {
					dearest = e
				}
			}
		}
	}
	if count == 0 {
		t.Fatal("no heartbeat on a kept-alive connection is in the file")
	}
	return dearest
}

// readConnections gives the exchanges of each TCP connection, in order. A packet belongs to the last request before it.
func readConnections(t *testing.T, wire string) map[gopacket.Flow][]exchange {
	t.Helper()
	file, err := os.Open(wire)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader, err := pcapgo.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	connections := map[gopacket.Flow][]exchange{}
	for {
		data, _, err := reader.ReadPacketData()
		if errors.Is(err, io.EOF) {
			return connections
		}
		if err != nil {
			t.Fatal(err)
		}
		packet := gopacket.NewPacket(data, reader.LinkType(), gopacket.NoCopy)
		ip, _ := packet.Layer(layers.LayerTypeIPv4).(*layers.IPv4)
		tcp, _ := packet.Layer(layers.LayerTypeTCP).(*layers.TCP)
		if ip == nil || tcp == nil {
			continue
		}
		fromCamera := ip.SrcIP.String() == cameraAddress
		flow := tcp.TransportFlow()
		if !fromCamera {
			flow = flow.Reverse()
		}
		connections[flow] = note(connections[flow], fromCamera, tcp.Payload, int(ip.Length))
	}
}

// cameraAddress is what QEMU's user network gives its only guest.
const cameraAddress = "10.0.2.15"

func note(exchanges []exchange, fromCamera bool, payload []byte, wireBytes int) []exchange {
	last := len(exchanges) - 1
	if fromCamera && len(payload) > 0 && (last < 0 || len(exchanges[last].answer) > 0) {
		exchanges = append(exchanges, exchange{})
		last++
	}
	if last < 0 || (!fromCamera && len(payload) == 0) {
		return exchanges
	}
	e := &exchanges[last]
	arrow := "<"
	if fromCamera {
		arrow = ">"
		e.request = append(e.request, payload...)
	} else {
		e.answer = append(e.answer, payload...)
	}
	e.packets = append(e.packets, arrow+strconv.Itoa(wireBytes))
	e.wireBytes += wireBytes
	return exchanges
}
