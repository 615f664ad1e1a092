package scene

import (
	"fmt"
	"image"
	"reflect"
	"runtime"
	"sync"

	"home.arpa/nestbox/firmware/scenes/nest"
	"home.arpa/nestbox/firmware/scenes/pack"
	"home.arpa/nestbox/firmware/scenes/paint"
	"home.arpa/nestbox/firmware/scenes/sensor"
)

const (
	movingMS = 200 // a picture so often while something moves
	stillMS  = 250 // and so often a different noise while nothing does
	// A large picture every so many moving frames, and as many different noises of one quiet view: what fits
	// into the flash of the emulated camera.
	movingPerJPEG = 5
	quietNoises   = 24

	qualityVGA  = 46
	qualityQVGA = 58
)

// moment is a frame to be.
type moment struct {
	atMS   uint32
	state  nest.State
	setup  Setup
	moving bool
	view   int // index of the large picture
	seed   uint64
}

// view is a large picture, and a row of moments that show it.
type view struct {
	atMS  uint32
	state nest.State
	setup Setup
	jpegs [][]byte
}

// Renderer draws scenes. It keeps the empty box between them.
type Renderer struct{ set *nest.Set }

// NewRenderer builds the box.
func NewRenderer() *Renderer {
	return &Renderer{nest.NewSet(pack.VGA.Width(), pack.VGA.Height())}
}

// Render makes the pack of one script. The same script gives the same bytes.
func (r *Renderer) Render(script Script) (*pack.Pack, error) {
	moments, views := plan(script)
	boxes := map[int][]float32{}
	var lock sync.Mutex
	var failure error
	each(len(views), func(i int, canvases *canvases) {
		picture := r.expose(script, canvases, views[i].atMS, views[i].setup)
		jpegs, err := compress(picture)
		grey := sensor.Boxes(picture)
		lock.Lock()
		defer lock.Unlock()
		views[i].jpegs, boxes[i] = jpegs, grey
		if err != nil {
			failure = fmt.Errorf("compress the picture at %d ms: %w", views[i].atMS, err)
		}
	})
	if failure != nil {
		return nil, failure
	}
	p := &pack.Pack{
		LoopMS:     uint32(script.Loop * 1000),
		Renditions: []pack.FrameSize{pack.QVGA, pack.VGA},
		Frames:     make([]pack.Frame, len(moments)),
	}
	each(len(moments), func(i int, canvases *canvases) {
		m := moments[i]
		grey := boxes[m.view]
		if m.moving && m.atMS != views[m.view].atMS {
			grey = sensor.Boxes(r.expose(script, canvases, m.atMS, m.setup))
		}
		p.Frames[i] = pack.Frame{
			AtMS: m.atMS, Night: m.setup.Gain.IsGray,
			Grey: sensor.Grey(grey, m.setup.Grain, m.seed), JPEGs: views[m.view].jpegs,
		}
	})
	return p, nil
}

// plan says when which pictures are taken.
func plan(script Script) (moments []moment, views []view) {
	loopMS := uint32(script.Loop * 1000)
	sinceJPEG := 0
	var previous moment
	for atMS := uint32(0); atMS < loopMS; {
		t := float64(atMS) / 1000
		m := moment{atMS: atMS, state: script.State(t), setup: script.Setup(t)}
		next := script.State(min(t+movingMS/1000.0, script.Loop-0.001))
		m.moving = !reflect.DeepEqual(m.state, next)
		changed := len(moments) == 0 || !reflect.DeepEqual(m.state, previous.state) || m.setup != previous.setup
		sinceJPEG++
		switch {
		case changed && !m.moving, m.moving && !previous.moving, m.moving && sinceJPEG >= movingPerJPEG:
			m.view, views = viewOf(views, m)
			sinceJPEG = 0
		default:
			m.view = previous.view
		}
		step := uint32(stillMS)
		m.seed = uint64(m.view)<<16 + paint.NewRandom(uint64(atMS)).Uint64()%quietNoises
		if m.moving {
			step = movingMS
			m.seed = uint64(atMS)<<16 + 0xFFFF
		}
		moments = append(moments, m)
		previous = m
		atMS += step
	}
	return moments, views
}

// viewOf finds a large picture of the same state, or asks for one.
func viewOf(views []view, m moment) (int, []view) {
	for i, v := range views {
		if v.setup == m.setup && reflect.DeepEqual(v.state, m.state) {
			return i, views
		}
	}
	return len(views), append(views, view{atMS: m.atMS, state: m.state, setup: m.setup})
}

// canvases are what one worker draws on.
type canvases struct{ whole, part *paint.Canvas }

// expose takes one picture. What is fast is blurred, since the shutter is open for a while.
func (r *Renderer) expose(script Script, c *canvases, atMS uint32, setup Setup) *image.RGBA {
	const shutter, steps = 0.05, 5
	t := float64(atMS) / 1000
	state := script.State(t)
	if !isFast(state, script.State(t+shutter)) {
		r.set.Draw(c.whole, state)
		return sensor.Expose(c.whole, setup.Gain, uint64(atMS)+1)
	}
	clear(c.whole.Pix)
	for step := range steps {
		r.set.Draw(c.part, script.State(t+shutter*float64(step)/steps))
		c.whole.Average(c.part, 1.0/steps)
	}
	return sensor.Expose(c.whole, setup.Gain, uint64(atMS)+1)
}

func isFast(a, b nest.State) bool {
	const farCM = 0.12
	if len(a.Birds) != len(b.Birds) {
		return false
	}
	for i := range a.Birds {
		if distance(a.Birds[i], b.Birds[i]) > farCM && a.Birds[i].Peek == 0 && b.Birds[i].Peek == 0 {
			return true
		}
	}
	return false
}

func compress(picture *image.RGBA) ([][]byte, error) {
	small, err := sensor.JPEG(sensor.Halve(picture), qualityQVGA)
	if err != nil {
		return nil, err
	}
	large, err := sensor.JPEG(picture, qualityVGA)
	return [][]byte{small, large}, err
}

// each calls do for 0 to n-1 on all processors.
func each(n int, do func(i int, canvases *canvases)) {
	todo := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			size := pack.VGA
			own := &canvases{paint.NewCanvas(size.Width(), size.Height()), paint.NewCanvas(size.Width(), size.Height())}
			for i := range todo {
				do(i, own)
			}
		})
	}
	for i := range n {
		todo <- i
	}
	close(todo)
	workers.Wait()
}
