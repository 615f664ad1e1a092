package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"home.arpa/nestbox/services/hub/control"
	"home.arpa/nestbox/services/hub/datadir"
)

// owner speaks the operator API as the owner of the data folder, over its socket.
type owner struct{ client http.Client }

// asOwner connects to the hub that runs on the data folder; when none does, it brings one up for the time of act, without
// cameras: the same rules, whether or not the hub runs.
func (p *program) asOwner(cmd *cobra.Command, act func(context.Context, *owner) error) error {
	s, err := p.settings(cmd)
	if err != nil {
		return err
	}
	folder := datadir.Path(s.Data)
	if err := folder.Exists(); err != nil {
		return err
	}
	o := &owner{http.Client{Transport: control.Transport(folder.Socket()), Timeout: time.Minute}}
	_, running, err := folder.Holder()
	if err != nil {
		return err
	}
	if running {
		return act(cmd.Context(), o)
	}
	return p.openForOwner(cmd.Context(), s, func(ctx context.Context) error { return act(ctx, o) })
}

func (o *owner) get(ctx context.Context, path string, query url.Values, into any) error {
	return o.call(ctx, http.MethodGet, path+"?"+given(query).Encode(), nil, into)
}

// copy prints an answer as it comes.
func (o *owner) copy(ctx context.Context, to io.Writer, path string, query url.Values) error {
	res, err := o.send(ctx, http.MethodGet, path+"?"+given(query).Encode(), nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.Copy(to, res.Body)
	return err
}

// call sends body as JSON, when there is one, and decodes the answer into into, when wanted.
func (o *owner) call(ctx context.Context, method, path string, body, into any) error {
	var r io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode request: %w", err)
		}
		r = bytes.NewReader(data)
	}
	res, err := o.send(ctx, method, path, r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		return fmt.Errorf("read the hub's answer: %w", err)
	}
	return nil
}

// send returns a good answer, whose body the caller closes. A problem document becomes an error with its sentence.
func (o *owner) send(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://nestbox"+path, body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := o.client.Do(req)
	if err != nil {
		var outer *url.Error
		if errors.As(err, &outer) {
			err = outer.Err // its URL names a host that does not exist
		}
		return nil, fmt.Errorf("reach the running hub: %w", err)
	}
	if res.StatusCode < 300 {
		return res, nil
	}
	defer res.Body.Close()
	var problem struct{ Title, Detail string }
	if err := json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&problem); err != nil || problem.Detail == "" {
		return nil, fmt.Errorf("the hub answered %s", res.Status)
	}
	return nil, errors.New(problem.Detail)
}

// given drops parameters without a value.
func given(query url.Values) url.Values {
	for k := range query {
		if query.Get(k) == "" {
			query.Del(k)
		}
	}
	return query
}
